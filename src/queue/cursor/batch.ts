/** What one round takes of all that waits at a subscription. */
import type { ClaimItem, SettleRequest } from './waiting/requests.ts';

/** One write serves about so many settlements and claims; more wait for the next. */
const RECEIPTS_MAX = 4096;
const CLAIMS_MAX = 1024;

export interface Batch {
  readonly settles: readonly SettleRequest[];
  readonly claims: readonly ClaimItem[];
  /** Whether something is looked for on behalf of all who wait, not only of those who are due. */
  readonly isForAll: boolean;
}

/** The first of what waits. Of the claims those that are due, or all but those whose last look is being prepared. */
export function takeBatch(
  settles: Iterable<SettleRequest>,
  claims: Iterable<ClaimItem>,
  isForAll: boolean,
): Batch {
  const batch = { settles: [] as SettleRequest[], claims: [] as ClaimItem[], isForAll };
  let receipts = 0;
  for (const request of settles) {
    if (receipts >= RECEIPTS_MAX) break;
    receipts += request.receipts.length;
    batch.settles.push(request);
  }
  for (const claim of claims) {
    if (batch.claims.length >= CLAIMS_MAX) break;
    if (claim.isDue || (isForAll && !claim.unsure)) batch.claims.push(claim);
  }
  return batch;
}
