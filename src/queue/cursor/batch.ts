/** What one round takes of all that waits at a subscription. */
import type { ClaimItem, SettleRequest } from './requests.ts';

/** One write serves about so many settlements and claims; more wait for the next. */
const RECEIPTS_MAX = 4096;
const CLAIMS_MAX = 1024;

export interface Batch {
  readonly settles: readonly SettleRequest[];
  readonly claims: readonly ClaimItem[];
}

/** The first of what waits. Of the claims only those that are due. */
export function takeBatch(
  settles: Iterable<SettleRequest>,
  claims: Iterable<ClaimItem>,
  isDue: (claim: ClaimItem) => boolean,
): Batch {
  const batch = { settles: [] as SettleRequest[], claims: [] as ClaimItem[] };
  let receipts = 0;
  for (const request of settles) {
    if (receipts >= RECEIPTS_MAX) break;
    receipts += request.receipts.length;
    batch.settles.push(request);
  }
  for (const claim of claims) {
    if (batch.claims.length >= CLAIMS_MAX) break;
    if (isDue(claim)) batch.claims.push(claim);
  }
  return batch;
}
