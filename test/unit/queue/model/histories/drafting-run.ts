/**
 * One generated run: numbers become operations, operations become batches, and each batch goes through a draft and
 * through the naive model. Whatever differs is thrown, with the story so far.
 */
import { type Claim, Claiming } from '../../../../../src/queue/model/claim.ts';
import { CursorDraft, type Settled, type Settlement } from '../../../../../src/queue/model/cursor-draft.ts';
import type { Position } from '../../../../../src/queue/model/position.ts';
import { assertSamePages } from './drafted-pages.ts';
import { DraftingWorld, roomyCommit, worldMessage } from './drafting-world.ts';
import { NaiveCursor } from './naive-cursor.ts';

const LEASE_MS = [10, 50, 100];

interface Settle extends Position {
  readonly lease: number;
  readonly settlement: Settlement;
}

interface HeldReceipt extends Position {
  readonly lease: number;
}

export class DraftingRun {
  readonly #world = new DraftingWorld();
  #model = new NaiveCursor();
  readonly #story: string[] = [];
  /** Every receipt ever given out by a batch that counted, also those of leases that are long over. */
  readonly #receipts: HeldReceipt[] = [];
  #settles: Settle[] = [];
  #claims: Claim[] = [];
  #nowMs = 1_000;
  #leases = 0;
  #appended = 0;

  /** The lowest bits choose the operation, those above its parameters. */
  play(numbers: readonly number[]): void {
    try {
      for (const number of numbers) this.#step(number % 12, Math.floor(number / 12));
      this.#endBatch(true);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n  ${this.#story.join('\n  ')}`, { cause: error });
    }
  }

  #step(choice: number, parameter: number): void {
    if (choice <= 2) this.#claim(parameter);
    else if (choice <= 6) this.#settle(choice, parameter);
    else this.#endBatch(choice !== 11);
    if (choice === 7) this.#nowMs += 1 + (parameter % 60);
    if (choice === 8 || choice === 9) this.#append(parameter);
    if (choice === 10) {
      this.#world.trim();
      if (parameter % 2 === 0) this.#world.roll((parameter >> 1) % 2);
      if (parameter % 3 === 0) this.#world.forget();
    }
  }

  #claim(parameter: number): void {
    this.#leases += 1;
    const untilMs = this.#nowMs + (LEASE_MS[parameter % LEASE_MS.length] ?? 0);
    const autoAck = (parameter >> 2) % 4 === 3;
    this.#claims.push({ max: 1 + ((parameter >> 4) % 6), lease: this.#leases, untilMs, autoAck });
    if ((parameter >> 8) % 2 === 0) this.#endBatch(true);
  }

  #settle(choice: number, parameter: number): void {
    const held = this.#receipts[parameter % Math.max(1, this.#receipts.length)];
    // Now and then a receipt that was never given out.
    const guessed = this.#model.messages[parameter % Math.max(1, this.#model.messages.length)];
    const lease = 1 + (parameter % 7);
    const chosen =
      held === undefined || (parameter >> 10) % 16 === 0 ? guessed && { ...guessed.position, lease } : held;
    if (chosen === undefined) return;
    this.#settles.push({ ...chosen, settlement: settlementOf(choice, this.#nowMs, parameter >> 6) });
    if ((parameter >> 9) % 2 === 0) this.#endBatch(true);
  }

  #append(parameter: number): void {
    const level = parameter % 4 === 0 ? 1 : 0;
    const messages = Array.from({ length: 1 + ((parameter >> 2) % 4) }, (_, index) => {
      this.#appended += 1;
      const expires = ((parameter >> 4) + index) % 8 === 0;
      return worldMessage(`m${this.#appended}`, expires ? this.#nowMs + (parameter % 90) : undefined);
    });
    const { segment, offset } = this.#world.append(level, messages);
    messages.forEach((message, index) => {
      const position = { level, segment, offset: offset + index };
      this.#model.append(position, message.id, message.expiresAtMs);
    });
    this.#story.push(`append ${messages.length} to level ${level}`);
  }

  /** @param counts false for a batch whose write lost: nothing of it may be seen afterwards */
  #endBatch(counts: boolean): void {
    const [settles, claims] = [this.#settles, this.#claims];
    if (settles.length + claims.length === 0) return;
    this.#settles = [];
    this.#claims = [];
    this.#story.push(`at ${this.#nowMs}: ${JSON.stringify({ settles, claims, counts })}`);
    const expected = this.#model.copy();
    const draft = this.#draft(settles, claims, expected);
    if (!counts) return;
    this.#world.keep(draft);
    this.#model = expected;
    assertSamePages(this.#world, expected);
  }

  /** Drafts again until everything that was asked for is in view, as a gateway does. */
  #draft(settles: readonly Settle[], claims: readonly Claim[], expected: NaiveCursor): CursorDraft {
    for (let looks = 0; ; looks += 1) {
      const draft = new CursorDraft(this.#world, this.#nowMs, roomyCommit());
      const settled = settles.map((settle) => draft.settle({ generation: 3, ...settle }, settle.settlement));
      const claiming = new Claiming(draft);
      const granted = claims.map((claim) => claiming.claim(claim));
      if (draft.missing.length > 0) {
        if (looks > 40) throw new Error('the draft never has enough');
        this.#world.load(draft.missing);
        continue;
      }
      const outcomes = settles.map((settle) => expected.settle(settle, settle.lease, settle.settlement));
      assertSame('outcomes', settled.map(nameOf), outcomes);
      claims.forEach((claim, index) => {
        const given = granted[index] ?? [];
        const shown = given.map(({ message, deliveries }) => ({ id: message.id, deliveries }));
        assertSame('claimed', shown, expected.claim(claim, this.#nowMs));
        for (const { level, segment, offset } of given) {
          this.#receipts.push({ level, segment, offset, lease: claim.lease });
        }
      });
      return draft;
    }
  }
}

function settlementOf(choice: number, nowMs: number, parameter: number): Settlement {
  switch (choice) {
    case 3:
      return { kind: 'ack' };
    case 4:
      return { kind: 'nack', dueMs: parameter % 2 === 0 ? 0 : nowMs + (parameter % 50) };
    case 5:
      return { kind: 'extend', untilMs: nowMs + 1 + (parameter % 100) };
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
