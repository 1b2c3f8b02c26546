/** What tells a subscription from all others, and from an earlier one of its name. Known once it was looked at. */
import { sealOf } from '../model/receipt.ts';
import type { SubscriptionRecord } from '../model/records.ts';
import type { CursorState } from './cursor-state.ts';

/** A record that is read anew is another object. */
const seals = new WeakMap<SubscriptionRecord, number>();

export function identityOf({ topic, name, record }: CursorState): string {
  return `${topic.id}/${name}/${record.token}`;
}

/** What the receipts of a subscription have in common. */
export function receiptSeal(state: CursorState): number {
  const known = seals.get(state.record);
  if (known !== undefined) return known;
  const seal = sealOf(identityOf(state));
  seals.set(state.record, seal);
  return seal;
}
