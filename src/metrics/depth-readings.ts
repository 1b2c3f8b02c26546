/**
 * How deep the queues and subscriptions are, read from the ensemble for whoever collects metrics, so that it never
 * becomes a burden: reads only, without a barrier or anything else that is written; a few at a time; so many names and
 * no more; no more often than every few seconds, however many collect; and nobody waits for it long, but gets what
 * there is. When the ensemble does not answer, the rest is left for the next time.
 */
import { BrokerError, type Stats, type SubscriptionRef, type Telemetry } from '../queue/index.ts';

export interface DepthReading {
  readonly name: SubscriptionRef;
  readonly stats: Stats;
}

export interface DepthLimits {
  /** Queues and subscriptions whose depth is told: the first that something happened to. */
  readonly namesMax: number;
  readonly atOnce: number;
  /** Between two rounds of readings. */
  readonly intervalMs: number;
  /** How long one who asks waits for a round. */
  readonly patienceMs: number;
  /** After this a reading is not told any more. */
  readonly keptMs: number;
}

export const DEPTH_LIMITS: DepthLimits = {
  namesMax: 200,
  atOnce: 4,
  intervalMs: 10_000,
  patienceMs: 1_000,
  keptMs: 60_000,
};

type Source = Pick<Telemetry, 'counts' | 'subscriptions' | 'depth'>;

export class DepthReadings {
  /** Readings that failed so far. */
  failed = 0;
  readonly #source: Source;
  readonly #limits: DepthLimits;
  readonly #nowMs: () => number;
  #readings = new Map<string, DepthReading & { readonly atMs: number }>();
  #round: Promise<void> | undefined;
  #roundAtMs = Number.NEGATIVE_INFINITY;

  constructor(source: Source, nowMs: () => number, limits: DepthLimits = DEPTH_LIMITS) {
    this.#source = source;
    this.#nowMs = nowMs;
    this.#limits = limits;
  }

  /** What is known, as fresh as can be had. Never rejects. */
  async current(): Promise<DepthReading[]> {
    const { intervalMs, patienceMs, keptMs } = this.#limits;
    if (this.#round === undefined && this.#nowMs() - this.#roundAtMs >= intervalMs) {
      this.#roundAtMs = this.#nowMs();
      this.#round = this.#read().finally(() => {
        this.#round = undefined;
      });
    }
    if (this.#round !== undefined) await within(this.#round, patienceMs);
    const sinceMs = this.#nowMs() - keptMs;
    return [...this.#readings.values()].filter(({ atMs }) => atMs >= sinceMs);
  }

  /** One round. The first failure ends it: whoever does not answer is not asked more. */
  async #read(): Promise<void> {
    let isAway = false;
    const attempt = async (work: () => Promise<void>): Promise<void> => {
      try {
        if (!isAway) await work();
      } catch {
        isAway = true;
        this.failed += 1;
      }
    };
    const wanted = new Map<string, SubscriptionRef>();
    await attempt(() => this.#findWanted(wanted));
    if (isAway) return;
    const before = this.#readings;
    // Of what is gone nothing is told any more.
    this.#readings = new Map([...wanted.keys()].flatMap((key) => entryOf(before, key)));
    const names = wanted.entries();
    const readOn = async (): Promise<void> => {
      for (const [key, name] of names) await attempt(() => this.#readOne(key, name));
    };
    await Promise.all(Array.from({ length: this.#limits.atOnce }, readOn));
  }

  /** In the order in which something first happened to them here. */
  async #findWanted(wanted: Map<string, SubscriptionRef>): Promise<void> {
    for (const { name } of this.#source.counts.named()) {
      // Nobody may consume from a topic's subscriptions here, or anywhere: then their depth matters most.
      const isTopic = name.kind === 'topic' && !('subscription' in name);
      const found = isTopic ? await this.#source.subscriptions(name.name) : [name as SubscriptionRef];
      for (const each of found) {
        if (wanted.size >= this.#limits.namesMax) return;
        wanted.set(keyOf(each), each);
      }
    }
  }

  async #readOne(key: string, name: SubscriptionRef): Promise<void> {
    const stats = await this.#source.depth(name).catch(unlessGone);
    if (stats === undefined) this.#readings.delete(key);
    else this.#readings.set(key, { name, stats, atMs: this.#nowMs() });
  }
}

function unlessGone(error: unknown): undefined {
  if (error instanceof BrokerError && error.code === 'not-found') return undefined;
  throw error;
}

function entryOf<Value>(map: ReadonlyMap<string, Value>, key: string): [string, Value][] {
  const value = map.get(key);
  return value === undefined ? [] : [[key, value]];
}

function keyOf(name: SubscriptionRef): string {
  return name.kind === 'queue' ? name.name : `${name.name}/${name.subscription}`;
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
    timer.unref();
  });
  await Promise.race([work, patience]);
  clearTimeout(timer);
}
