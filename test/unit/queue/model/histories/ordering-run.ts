/**
 * One generated history of a subscription with an ordering, priorities and a limit of deliveries. Numbers become
 * operations, operations become batches, and each batch goes through a draft, as a gateway makes it, and through the
 * model. Whatever differs is thrown, with the story so far.
 */
import { type Claim, type Claimed, Claiming } from '../../../../../src/queue/model/claim.ts';
import { CursorDraft, type Settled, type Settlement } from '../../../../../src/queue/model/cursor-draft.ts';
import type { DeliveryPolicy } from '../../../../../src/queue/model/delivery-policy.ts';
import type { Position } from '../../../../../src/queue/model/position.ts';
import { DraftingWorld, roomyCommit, worldMessage } from './drafting-world.ts';
import { assertPagesTell, Ledger, OrderOfDelivery } from './ordering-checks.ts';
import { OrderingModel } from './ordering-model.ts';

const LEASE_MS = [10, 40, 90];
const GROUPS = ['a', 'b', 'c', undefined];
const ORDERINGS = ['group', 'strict', 'group', 'none'] as const;
const MAX_DELIVERIES = [1, 2, 3, undefined];
const LEVELS = 3;

interface HeldReceipt extends Position {
  readonly lease: number;
}

interface Settle extends HeldReceipt {
  readonly settlement: Settlement;
}

interface Drafted {
  readonly draft: CursorDraft;
  readonly settled: readonly Settled[];
  readonly granted: readonly (readonly Claimed[])[];
}

export class OrderingRun {
  readonly #world: DraftingWorld;
  #model = new OrderingModel();
  #ledger = new Ledger();
  readonly #story: string[] = [];
  /** Every receipt ever given out by a batch, also those of leases that are long over. */
  readonly #receipts: HeldReceipt[] = [];
  #settles: Settle[] = [];
  #claims: Claim[] = [];
  #nowMs = 1_000;
  #leases = 0;
  #appended = 0;

  constructor(policy: number) {
    this.#world = new DraftingWorld(policyOf(policy), LEVELS);
    this.#story.push(JSON.stringify(policyOf(policy)));
  }

  /** The lowest bits choose the operation, those above its parameters. */
  play(numbers: readonly number[]): void {
    try {
      for (const number of numbers) this.#step(number % 16, Math.floor(number / 16));
      this.#endBatch(true);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n  ${this.#story.join('\n  ')}`, { cause: error });
    }
  }

  #step(choice: number, parameter: number): void {
    if (choice <= 2) this.#append(parameter);
    else if (choice <= 6) this.#claim(parameter);
    else if (choice <= 12) this.#settle(choice, parameter);
    else this.#endBatch(parameter % 8 !== 7);
    if (choice === 13 || choice === 14) this.#nowMs += 1 + (parameter % 60);
    if (choice === 15) this.#disturb(parameter);
  }

  #append(parameter: number): void {
    const level = parameter % LEVELS;
    const sameGroup = (parameter >> 2) % 3 === 0;
    const messages = Array.from({ length: 1 + ((parameter >> 4) % 4) }, (_, index) => {
      this.#appended += 1;
      const expires = ((parameter >> 6) + index) % 8 === 0;
      const group = GROUPS[(parameter >> (sameGroup ? 9 : 9 + 2 * index)) % GROUPS.length];
      const expiresAtMs = expires ? this.#nowMs + (parameter % 90) : undefined;
      return worldMessage(`m${this.#appended}${group ?? ''}`, expiresAtMs, group);
    });
    this.#endBatch(true);
    const { segment, offset } = this.#world.append(level, messages);
    messages.forEach(({ id, group, expiresAtMs }, index) => {
      this.#model.append({ position: { level, segment, offset: offset + index }, id, group, expiresAtMs });
    });
    const shown = messages.map(
      ({ id, expiresAtMs }) => id + (expiresAtMs === undefined ? '' : `<${expiresAtMs}`),
    );
    this.#story.push(`append ${shown.join(' ')} to level ${level}`);
  }

  #claim(parameter: number): void {
    this.#leases += 1;
    const untilMs = this.#nowMs + (LEASE_MS[parameter % LEASE_MS.length] ?? 0);
    const autoAck = (parameter >> 2) % 8 === 7;
    this.#claims.push({ max: 1 + ((parameter >> 5) % 5), lease: this.#leases, untilMs, autoAck });
    if ((parameter >> 8) % 2 === 0) this.#endBatch(true);
  }

  #settle(choice: number, parameter: number): void {
    const held = this.#receipts.at(-1 - (parameter % Math.max(1, this.#receipts.length)));
    // Now and then a receipt that was never given out.
    const guessed = this.#model.messages[parameter % Math.max(1, this.#model.messages.length)];
    const lease = 1 + (parameter % 7);
    const isGuess = held === undefined || (parameter >> 10) % 16 === 0;
    const chosen = isGuess ? guessed && { ...guessed.position, lease } : held;
    if (chosen === undefined) return;
    this.#settles.push({ ...chosen, settlement: settlementOf(choice, this.#nowMs, parameter >> 6) });
    if ((parameter >> 9) % 2 === 0) this.#endBatch(true);
  }

  /** What goes on around a cursor: segments come and go, the cache forgets, the configuration changes. */
  #disturb(parameter: number): void {
    this.#world.trim();
    if (parameter % 2 === 0) this.#world.roll((parameter >> 1) % LEVELS);
    if (parameter % 3 !== 0) this.#world.forgetUntouched(parameter % 3 === 1);
    if ((parameter >> 4) % 8 !== 0) return;
    this.#world.policy = { ...this.#world.policy, ...policyOf(parameter >> 7) };
    this.#story.push(`from now on ${JSON.stringify(policyOf(parameter >> 7))}`);
  }

  /** @param counts false for a batch whose write lost: nothing of it may be seen afterwards */
  #endBatch(counts: boolean): void {
    const [settles, claims] = [this.#settles, this.#claims];
    this.#settles = [];
    this.#claims = [];
    this.#story.push(`at ${this.#nowMs}: ${JSON.stringify({ settles, claims, counts })}`);
    const drafted = this.#draft(settles, claims);
    const [model, ledger] = [this.#model.copy(), this.#ledger.copy()];
    this.#compare(drafted, settles, claims, model);
    this.#enter(drafted, settles, claims, ledger);
    if (!counts) return;
    this.#world.keep(drafted.draft);
    this.#model = model;
    this.#ledger = ledger;
    assertPagesTell(this.#world, model);
  }

  /** Drafts again until everything that was asked for is in view, as a gateway does. */
  #draft(settles: readonly Settle[], claims: readonly Claim[]): Drafted {
    for (let looks = 0; looks < 60; looks += 1) {
      const draft = new CursorDraft(this.#world, this.#nowMs, roomyCommit());
      const settled = settles.map((settle) => draft.settle({ generation: 3, ...settle }, settle.settlement));
      draft.buryDead();
      const claiming = new Claiming(draft);
      const granted = claims.map((claim) => claiming.claim(claim));
      if (draft.missing.length === 0) return { draft, settled, granted };
      this.#world.load(draft.missing);
    }
    throw new Error('the draft never has enough');
  }

  #compare(
    drafted: Drafted,
    settles: readonly Settle[],
    claims: readonly Claim[],
    model: OrderingModel,
  ): void {
    const { draft, settled, granted } = drafted;
    const { policy } = this.#world;
    const outcomes = settles.map((settle) =>
      model.settle(settle, settle.settlement, policy, this.#nowMs, this.#world.isTrimmed(settle)),
    );
    assertSame('outcomes', settled.map(nameOf), outcomes);
    model.buryDead(policy, this.#nowMs);
    claims.forEach((claim, index) => {
      const shown = granted[index]?.map(({ message, deliveries }) => ({ id: message.id, deliveries }));
      assertSame('claimed', shown, model.claim(claim, policy, this.#nowMs));
    });
    const dead = draft.dead.map(({ message, reason, detail, deliveries }) => {
      return { id: message.id, reason, detail, deliveries };
    });
    assertSame('dead', dead, model.dead);
    assertSame('expired', draft.expired, model.expired);
    assertSame('whether there is something to write', draft.changed.size > 0, model.changed);
  }

  #enter(
    { draft, settled, granted }: Drafted,
    settles: readonly Settle[],
    claims: readonly Claim[],
    ledger: Ledger,
  ): void {
    settles.forEach((settle, index) => {
      const id = this.#model.find(settle)?.id;
      if (settled[index]?.kind === 'ok' && id !== undefined) ledger.settled(id, settle.settlement);
    });
    for (const { message, reason } of draft.dead) ledger.died(message.id, this.#nowMs, reason === 'rejected');
    const order = new OrderOfDelivery(this.#model.messages, this.#world.policy.ordering);
    claims.forEach(({ autoAck, lease, untilMs }, index) => {
      const given = granted[index] ?? [];
      ledger.claimed(given, autoAck ? undefined : untilMs, this.#nowMs, order);
      for (const { level, segment, offset } of given) this.#receipts.push({ level, segment, offset, lease });
    });
  }
}

function policyOf(number: number): Pick<DeliveryPolicy, 'ordering' | 'maxDeliveries'> {
  return {
    ordering: ORDERINGS[number % ORDERINGS.length] ?? 'none',
    maxDeliveries: MAX_DELIVERIES[(number >> 2) % MAX_DELIVERIES.length],
  };
}

function settlementOf(choice: number, nowMs: number, parameter: number): Settlement {
  switch (choice) {
    case 7:
      return { kind: 'ack' };
    case 8:
    case 9:
      return { kind: 'nack', dueMs: parameter % 2 === 0 ? 0 : nowMs + (parameter % 50) };
    case 10:
      return { kind: 'extend', untilMs: nowMs + 1 + (parameter % 100) };
    case 11:
      return { kind: 'reject', detail: parameter % 2 === 0 ? undefined : `reason ${parameter % 10}` };
    default:
      return { kind: 'release' };
  }
}

function nameOf(settled: Settled): string {
  return settled.kind === 'unsure' ? `unsure ${settled.as}` : settled.kind;
}

function assertSame(what: string, actual: unknown, expected: unknown): void {
  const [shown, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (shown !== wanted) throw new Error(`${what}: ${shown} instead of ${wanted}`);
}
