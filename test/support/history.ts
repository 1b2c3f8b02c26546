/**
 * What clients of one queue did and were told, for the checker in `history-checker.ts`.
 *
 * Instants are those of this process's wall clock, which on one machine is also the ensemble's: `askedMs` when the
 * request was sent, `toldMs` when its answer was there.
 */
import type { Ending, Outcome, Received, Verb } from './queue-client.ts';

interface Span {
  readonly askedMs: number;
  readonly toldMs: number;
}

/** A request to store the message with this key; every key is sent once only. */
export interface Publish extends Span {
  readonly key: string;
  readonly kind: 'done' | 'refused' | 'unknown';
  /** The message's id when it was answered 201. */
  readonly id?: string;
}

/** One message under one lease, as a client got it. */
export interface Delivery extends Span {
  readonly key: string;
  readonly id: string;
  readonly receipt: string;
  readonly deliveries: number;
  readonly fencingToken: bigint;
  /** By the ensemble's clock. */
  readonly leasedMs: number;
  readonly expiresMs: number;
}

/** What was asked for one receipt. */
export interface Settle extends Span {
  readonly verb: Verb;
  readonly receipt: string;
  /** `refused` and `unknown` as for every request; else the outcome. */
  readonly outcome: 'ok' | 'lost' | 'invalid' | 'refused' | 'unknown';
  /** Of an extend. */
  readonly leaseMs?: number;
}

export class History {
  readonly publishes: Publish[] = [];
  readonly deliveries: Delivery[] = [];
  readonly settles: Settle[] = [];
  readonly #unfinished = new Set<string>();
  readonly #acked = new Set<string>();
  readonly #keys = new Map<string, string>();
  readonly #others: readonly History[];

  /** @param others those of further subscriptions, each of which gets all that is published here as well */
  constructor(others: readonly History[] = []) {
    this.#others = others;
  }

  async publish(key: string, send: () => Promise<Ending<{ id: string }>>): Promise<Ending<{ id: string }>> {
    const askedMs = Date.now();
    const ending = await send();
    const id = ending.kind === 'done' ? { id: ending.value.id } : {};
    const publish = { key, kind: ending.kind, askedMs, toldMs: Date.now(), ...id };
    for (const history of [this, ...this.#others]) history.#notePublish(publish);
    return ending;
  }

  #notePublish(publish: Publish): void {
    this.publishes.push(publish);
    // The ack may have been answered before the publish.
    if (publish.kind === 'done' && !this.#acked.has(publish.key)) this.#unfinished.add(publish.key);
  }

  noteDeliveries(messages: readonly Received[], askedMs: number, leaseSeconds: number): void {
    const toldMs = Date.now();
    for (const message of messages) {
      const expiresMs = Date.parse(message.leaseExpiresAt);
      this.#keys.set(message.receipt, String(message.body));
      this.deliveries.push({
        key: String(message.body),
        id: message.id,
        receipt: message.receipt,
        deliveries: message.deliveries,
        fencingToken: BigInt(message.fencingToken),
        leasedMs: expiresMs - leaseSeconds * 1000,
        expiresMs,
        askedMs,
        toldMs,
      });
    }
  }

  noteSettles(
    verb: Verb,
    receipts: readonly string[],
    ending: Ending<readonly Outcome[]>,
    askedMs: number,
    leaseMs?: number,
  ): void {
    const toldMs = Date.now();
    receipts.forEach((receipt, index) => {
      const told = ending.kind === 'done' ? (ending.value[index]?.outcome ?? 'invalid') : ending.kind;
      const lease = leaseMs === undefined ? {} : { leaseMs };
      this.settles.push({ verb, receipt, outcome: told, askedMs, toldMs, ...lease });
      if (verb !== 'ack' || told !== 'ok') return;
      const key = this.#keys.get(receipt) ?? '';
      this.#acked.add(key);
      this.#unfinished.delete(key);
    });
  }

  /** Keys of messages that were answered 201, and whose ack has not been confirmed yet. */
  get unfinished(): ReadonlySet<string> {
    return this.#unfinished;
  }

  /** For the test's output. */
  summary(): Record<string, number> {
    const count = <Item>(items: readonly Item[], is: (item: Item) => boolean) => items.filter(is).length;
    return {
      stored: count(this.publishes, ({ kind }) => kind === 'done'),
      refused: count(this.publishes, ({ kind }) => kind === 'refused'),
      unknown: count(this.publishes, ({ kind }) => kind === 'unknown'),
      deliveries: this.deliveries.length,
      redelivered: count(this.deliveries, ({ deliveries }) => deliveries > 1),
      acksConfirmed: count(this.settles, ({ verb, outcome }) => verb === 'ack' && outcome === 'ok'),
      settlesLost: count(this.settles, ({ outcome }) => outcome === 'lost'),
      settlesUnknown: count(this.settles, ({ outcome }) => outcome === 'unknown'),
      settlesRefused: count(this.settles, ({ outcome }) => outcome === 'refused'),
    };
  }
}
