import { describe, expect, it } from 'vitest';
import { Barrier } from '../../../../src/queue/zookeeper/barrier.ts';

/** A barrier whose sends are counted, and end when the test says so. */
function controlled() {
  const sends: { pass: () => void; fail: (error: Error) => void }[] = [];
  const barrier = new Barrier(
    () =>
      new Promise<void>((resolve, reject) => {
        sends.push({ pass: resolve, fail: reject });
      }),
  );
  return { barrier, sends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a barrier', () => {
  it('is sent at once when none is in flight', async () => {
    const { barrier, sends } = controlled();
    const passed = barrier.pass();
    expect(sends).toHaveLength(1);
    sends[0]?.pass();
    await passed;
  });

  it('in flight does not serve those who call later: they share the next one', async () => {
    const { barrier, sends } = controlled();
    const order: string[] = [];
    const first = barrier.pass().then(() => order.push('first'));
    const later = [1, 2, 3].map(() => barrier.pass().then(() => order.push('later')));
    expect(sends).toHaveLength(1);
    sends[0]?.pass();
    await first;
    await turn();
    expect(order).toEqual(['first']);
    expect(sends).toHaveLength(2);
    sends[1]?.pass();
    await Promise.all(later);
    await turn();
    expect(sends).toHaveLength(2);
  });

  it('that fails is unavailable to those who shared it, and the next one is sent all the same', async () => {
    const { barrier, sends } = controlled();
    const first = barrier.pass();
    const later = barrier.pass();
    sends[0]?.fail(new Error('no connection'));
    await expect(first).rejects.toMatchObject({ kind: 'unavailable' });
    await turn();
    sends[1]?.pass();
    await later;
  });

  it('goes on for the others when one caller gives up', async () => {
    const { barrier, sends } = controlled();
    const giveUp = new AbortController();
    const first = barrier.pass();
    const impatient = barrier.pass({ signal: giveUp.signal });
    const patient = barrier.pass();
    giveUp.abort();
    await expect(impatient).rejects.toMatchObject({ kind: 'unavailable' });
    sends[0]?.pass();
    await first;
    await turn();
    sends[1]?.pass();
    await patient;
  });

  it('is not sent for a caller who has given up before', async () => {
    const { barrier, sends } = controlled();
    await expect(barrier.pass({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(sends).toHaveLength(0);
  });
});
