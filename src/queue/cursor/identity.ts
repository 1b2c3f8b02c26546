/** What tells a subscription from all others, and from an earlier one of its name. Known once it was looked at. */
import { sealOf } from '../model/receipt.ts';
import type { CursorState } from './cursor-state.ts';

export class Identity {
  readonly #state: CursorState;
  #seal: { readonly token: string; readonly value: number } | undefined;

  constructor(state: CursorState) {
    this.#state = state;
  }

  get text(): string {
    const { topic, name, record } = this.#state;
    return `${topic.id}/${name}/${record.token}`;
  }

  /** What its receipts have in common. */
  get seal(): number {
    const { token } = this.#state.record;
    if (this.#seal?.token !== token) this.#seal = { token, value: sealOf(this.text) };
    return this.#seal.value;
  }
}
