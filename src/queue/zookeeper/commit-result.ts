/** From the reply to a transaction to the port's CommitResult. Pure. */

import { codes, conflictReason, storeError } from './codes.ts';
import type { CommitResult, Write, WriteResult } from './store.ts';
import { ERROR_TYPE, type OperationReply } from './transaction-frames.ts';

/**
 * Of a transaction that failed, the reply has 0 for the operations before the culprit, its code, and "not tried"
 * for the rest. Throws a StoreError when that code is not a value.
 */
export function commitResult(
  raw: readonly OperationReply[],
  writes: readonly Write[],
  chroot: string,
): CommitResult {
  const index = raw.findIndex(isCulprit);
  if (index >= 0) {
    const code = raw[index]?.err ?? codes.notTried;
    const reason = conflictReason(code);
    if (reason === undefined)
      throw storeError(code, `operation ${index} of a commit, on ${writes[index]?.path}`, true);
    return { applied: false, index, reason };
  }
  return { applied: true, results: writes.map((write, at) => writeResult(write, raw[at], chroot)) };
}

function isCulprit(result: OperationReply): boolean {
  return result.type === ERROR_TYPE && result.err !== codes.ok && result.err !== codes.notTried;
}

function writeResult({ kind }: Write, raw: OperationReply | undefined, chroot: string): WriteResult {
  switch (kind) {
    case 'create':
      if (raw?.path?.startsWith(chroot)) return { kind, path: raw.path.slice(chroot.length) };
      break;
    case 'set':
      if (raw?.stat) return { kind, stat: raw.stat };
      break;
    default:
      if (raw && raw.type !== ERROR_TYPE) return { kind };
  }
  // It was applied, or the ensemble would have named a culprit; what it returned can only not be understood.
  throw storeError(codes.connectionLoss, `the result of a ${kind} makes no sense`, true);
}
