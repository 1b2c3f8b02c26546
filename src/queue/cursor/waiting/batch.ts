/** What one round takes of all that waits at a subscription. */
import type { ClaimRequest, SettleRequest } from './requests.ts';
import { joinsRound } from './states.ts';

/** One write serves about so many settlements and claims; more wait for the next. */
const RECEIPTS_MAX = 4096;
const CLAIMS_MAX = 1024;

export interface Batch {
  readonly settles: readonly SettleRequest[];
  readonly claims: readonly ClaimRequest[];
  /** Whether the round looks on behalf of all who wait, not only for those that are due. */
  readonly isForAll: boolean;
}

/** The first of what waits. Of the claims it takes those that are due, or all but those that messages are gathered for. */
export function takeBatch(
  settles: Iterable<SettleRequest>,
  claims: Iterable<ClaimRequest>,
  isForAll: boolean,
): Batch {
  const batch = { settles: [] as SettleRequest[], claims: [] as ClaimRequest[], isForAll };
  let receipts = 0;
  for (const request of settles) {
    if (receipts >= RECEIPTS_MAX) break;
    receipts += request.receipts.length;
    batch.settles.push(request);
  }
  for (const claim of claims) {
    if (batch.claims.length >= CLAIMS_MAX) break;
    if (joinsRound(claim.state, isForAll)) batch.claims.push(claim);
  }
  return batch;
}
