/**
 * ZooKeeper's error codes, and what they mean for the port. The only place that knows the numbers.
 */

import { type CommitConflict, type Refusal, StoreError } from './store.ts';

export const codes = {
  ok: 0,
  /** In a transaction: not tried, because an operation before it failed. */
  notTried: -2,
  connectionLoss: -4,
  noNode: -101,
  noPermission: -102,
  badVersion: -103,
  nodeExists: -110,
  notEmpty: -111,
  sessionExpired: -112,
  sessionMoved: -118,
  quotaExceeded: -125,
  throttled: -127,
} as const;

/** For messages only; codes that are missing here are refused all the same. */
const names: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  [-4]: 'connection loss',
  [-5]: 'marshalling error',
  [-6]: 'unimplemented',
  [-8]: 'bad arguments',
  [-101]: 'no node',
  [-102]: 'no permission',
  [-103]: 'bad version',
  [-108]: 'ephemeral parent',
  [-110]: 'node exists',
  [-111]: 'not empty',
  [-112]: 'session expired',
  [-114]: 'invalid ACL',
  [-115]: 'authentication failed',
  [-118]: 'session moved',
  [-119]: 'read-only server',
  [-125]: 'quota exceeded',
  [-127]: 'throttled',
};

const conflicts: Readonly<Record<number, CommitConflict['reason']>> = {
  [codes.noNode]: 'missing',
  [codes.badVersion]: 'version',
  [codes.nodeExists]: 'exists',
  [codes.notEmpty]: 'not-empty',
};

const refusals: Readonly<Record<number, Refusal>> = {
  [codes.noPermission]: 'permission',
  [codes.quotaExceeded]: 'quota',
  [codes.throttled]: 'throttled',
};

/** An error in a reply, in the shape that the client expects of its own, for any code. */
export class ReplyError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(describeCode(code));
    this.code = code;
  }

  getCode(): number {
    return this.code;
  }
}

/** The code that the client's callback was called with. */
export function replyCode(error: unknown): number {
  if (error === null || error === undefined) return codes.ok;
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : -1;
}

/** Why a commit lost, if this code is one that says so. */
export function conflictReason(code: number): CommitConflict['reason'] | undefined {
  return conflicts[code];
}

/** The failure of a request that was sent. A session that has ended or moved on refuses: certainly not applied. */
export function storeError(code: number, what: string, isWrite: boolean): StoreError {
  const message = `${what}: ${describeCode(code)}`;
  if (code === codes.connectionLoss) return new StoreError(isWrite ? 'unknown' : 'unavailable', message);
  if (code === codes.sessionExpired || code === codes.sessionMoved)
    return new StoreError('unavailable', message);
  return new StoreError('refused', message, { refusal: refusals[code] ?? 'other' });
}

export function describeCode(code: number): string {
  return `${names[code] ?? 'unknown error'} (${code})`;
}
