/**
 * Two looks at a generated history that owe nothing to the model's way of claiming: a ledger of what was given out and
 * given back, which no delivery may contradict; and the pages, message by message.
 */
import type { Claimed } from '../../../../../src/queue/model/claim.ts';
import type { Settlement } from '../../../../../src/queue/model/cursor-draft.ts';
import { BURIED, type Page, WAITING } from '../../../../../src/queue/model/page.ts';
import { decodePage, encodePage } from '../../../../../src/queue/model/page-codec.ts';
import type { DraftingWorld } from './drafting-world.ts';
import { isExpired, type OrderedMessage, type OrderingModel } from './ordering-model.ts';

/** Which leases hold and which messages are gone, from the draft's own answers alone. */
export class Ledger {
  readonly #heldUntil = new Map<string, number>();
  readonly #gone = new Set<string>();

  copy(): Ledger {
    const copy = new Ledger();
    for (const [id, untilMs] of this.#heldUntil) copy.#heldUntil.set(id, untilMs);
    for (const id of this.#gone) copy.#gone.add(id);
    return copy;
  }

  settled(id: string, settlement: Settlement): void {
    if (settlement.kind === 'extend') this.#heldUntil.set(id, settlement.untilMs);
    else this.#heldUntil.delete(id);
    if (settlement.kind === 'ack') this.#gone.add(id);
  }

  died(id: string, nowMs: number, rejected: boolean): void {
    if (!rejected) this.#refuseHeld(id, nowMs, 'died');
    if (this.#gone.has(id)) throw new Error(`${id} died and was gone before`);
    this.#gone.add(id);
  }

  /** One claim's messages, in the order given. */
  claimed(
    given: readonly Claimed[],
    untilMs: number | undefined,
    nowMs: number,
    order: OrderOfDelivery,
  ): void {
    const ids: string[] = [];
    for (const { message } of given) {
      if (this.#gone.has(message.id)) throw new Error(`${message.id} was delivered after its end`);
      this.#refuseHeld(message.id, nowMs, 'was delivered');
      for (const earlier of order.before(message.id)) {
        if (this.#gone.has(earlier.id) || isExpired(earlier, nowMs) || ids.includes(earlier.id)) continue;
        throw new Error(`${message.id} has overtaken ${earlier.id}`);
      }
      ids.push(message.id);
    }
    for (const id of ids) {
      if (untilMs === undefined) this.#gone.add(id);
      else this.#heldUntil.set(id, untilMs);
    }
  }

  #refuseHeld(id: string, nowMs: number, what: string): void {
    const untilMs = this.#heldUntil.get(id) ?? 0;
    if (untilMs > nowMs) throw new Error(`${id} ${what} while leased until ${untilMs}`);
  }
}

/** Whom a message must not overtake. */
export class OrderOfDelivery {
  readonly #messages: readonly OrderedMessage[];
  readonly #ordering: DraftingWorld['policy']['ordering'];

  constructor(messages: readonly OrderedMessage[], ordering: DraftingWorld['policy']['ordering']) {
    this.#messages = messages;
    this.#ordering = ordering;
  }

  before(id: string): readonly OrderedMessage[] {
    if (this.#ordering === 'none') return [];
    const index = this.#messages.findIndex((each) => each.id === id);
    const group = this.#messages[index]?.group;
    const earlier = this.#messages.slice(0, Math.max(0, index));
    if (this.#ordering === 'strict') return earlier;
    return group === undefined ? [] : earlier.filter((each) => each.group === group);
  }
}

/** Throws where a page says something else of a message than the model, or is larger than it needs to be. */
export function assertPagesTell(world: DraftingWorld, model: OrderingModel): void {
  for (const { level, segment, page, end, trimmed } of world.segments()) {
    const messages = model.messages.filter(
      ({ position }) => position.level === level && position.segment === segment,
    );
    if (trimmed) {
      const kept = messages.find(({ state }) => state !== 'done' && state !== 'buried');
      if (kept !== undefined) throw new Error(`${kept.id} was trimmed while ${kept.state}`);
      continue;
    }
    if (page.frontier > end) throw new Error(`the frontier ${page.frontier} is beyond the end ${end}`);
    for (const message of messages) {
      const [actual, expected] = [stateOnPage(page, message.position.offset), stateInModel(message)];
      if (actual !== expected) throw new Error(`${message.id} is ${actual} instead of ${expected}`);
    }
    assertTidy(page);
  }
}

/** Beyond the frontier, or passed over: to everybody else that is the same. */
const NEVER_DELIVERED = `${WAITING} 0 0`;

function stateOnPage(page: Page, offset: number): string {
  const run = page.runs.find(({ start, length }) => start <= offset && offset < start + length);
  if (run === undefined) return offset < page.frontier ? 'done' : NEVER_DELIVERED;
  return run.lease === BURIED ? 'buried' : `${run.lease} ${run.untilMs} ${run.deliveries}`;
}

function stateInModel({ state, lease, untilMs, deliveries }: OrderedMessage): string {
  return state === 'done' || state === 'buried' ? state : `${lease} ${untilMs} ${deliveries}`;
}

function assertTidy(page: Page): void {
  let before: { behind: number; alike: string } = { behind: 0, alike: '' };
  for (const { start, length, ...state } of page.runs) {
    if (start < before.behind || length < 1) throw new Error('runs out of order, overlapping or empty');
    const alike = JSON.stringify(state);
    if (start === before.behind && alike === before.alike) throw new Error('neighbours alike in two runs');
    before = { behind: start + length, alike };
  }
  if (before.behind > page.frontier) throw new Error('a run reaches beyond the frontier');
  if (JSON.stringify(decodePage(encodePage(page))) !== JSON.stringify(page))
    throw new Error('stored and read differ');
}
