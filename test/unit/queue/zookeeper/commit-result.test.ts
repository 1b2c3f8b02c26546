import { describe, expect, it } from 'vitest';
import { commitResult } from '../../../../src/queue/zookeeper/commit-result.ts';
import type { OperationReply } from '../../../../src/queue/zookeeper/transaction-frames.ts';
import { check, create } from '../../../support/write-builders.ts';

const writes = [check('/a', 1), create('/b'), check('/c', 1)];
const errors = (...codes: number[]): OperationReply[] => codes.map((err) => ({ type: -1, err }));

describe('the result of a commit', () => {
  it.each([
    [-103, 'version'],
    [-101, 'missing'],
    [-110, 'exists'],
    [-111, 'not-empty'],
  ])('with code %i is a conflict: %s', (code, reason) => {
    expect(commitResult(errors(0, code, -2), writes, '')).toEqual({ applied: false, index: 1, reason });
  });

  it('names the culprit, wherever it stands', () => {
    expect(commitResult(errors(-103, -2, -2), writes, '')).toMatchObject({ index: 0 });
    expect(commitResult(errors(0, 0, -110), writes, '')).toMatchObject({ index: 2 });
  });

  it.each([-125, -127, -102, -8, -9999])('with code %i is refused', (code) => {
    expect(() => commitResult(errors(0, code, -2), writes, '')).toThrow(
      expect.objectContaining({ kind: 'refused' }),
    );
  });

  it.each([-112, -118])('with code %i is unavailable: certainly not applied', (code) => {
    const unavailable = expect.objectContaining({ kind: 'unavailable' });
    expect(() => commitResult(errors(0, code, -2), writes, '')).toThrow(unavailable);
  });

  it('is without the chroot', () => {
    const raw = [{ type: 13 }, { type: 1, path: '/chroot/b' }, { type: 13 }];
    const results = [{ kind: 'check' }, { kind: 'create', path: '/b' }, { kind: 'check' }];
    expect(commitResult(raw, writes, '/chroot')).toEqual({ applied: true, results });
  });

  it('that does not fit the operations is unknown', () => {
    const unknown = expect.objectContaining({ kind: 'unknown' });
    expect(() => commitResult([], writes, '')).toThrow(unknown);
    expect(() => commitResult([{ type: 13 }, { type: 1, path: '/elsewhere' }], writes, '/chroot')).toThrow(
      unknown,
    );
  });
});
