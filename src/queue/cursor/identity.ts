/** What tells a subscription from all others, and from an earlier one of its name. Known once it was looked at. */
import { sealOf } from '../model/receipt.ts';
import type { CursorState } from './cursor-state.ts';

export function identityOf({ topic, name, record }: CursorState): string {
  return `${topic.id}/${name}/${record.token}`;
}

/** What the receipts of a subscription have in common. */
export function receiptSeal(state: CursorState): number {
  state.seal ??= sealOf(identityOf(state));
  return state.seal;
}
