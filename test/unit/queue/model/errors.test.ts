import { expect, it } from 'vitest';
import { afterwards, BrokerError } from '../../../../src/queue/model/errors.ts';

it('what fails for want of ZooKeeper after a change has taken effect is not told as if nothing had changed', async () => {
  const cause = new BrokerError('unavailable', 'gone');
  const failing = afterwards(() => Promise.reject(cause));
  await expect(failing).rejects.toMatchObject({ code: 'outcome-unknown', cause });
});

it('other failures after a change are told as they are', async () => {
  const conflict = new BrokerError('conflict', 'taken');
  await expect(afterwards(() => Promise.reject(conflict))).rejects.toBe(conflict);
  const defect = new Error('defect');
  await expect(afterwards(() => Promise.reject(defect))).rejects.toBe(defect);
  expect(await afterwards(async () => 7)).toBe(7);
});
