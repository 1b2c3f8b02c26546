/** One gateway's engine in virtual time, as its clients find it: it answers, is gone before it does, or was never there. */
import { createBroker } from '../../src/queue/broker.ts';
import { type Broker, BrokerError, type Call } from '../../src/queue/index.ts';
import type { SegmentLimits } from '../../src/queue/model/segment.ts';
import { silentLogger } from '../support/test-store.ts';
import type { Chance } from './chance.ts';
import { ProcessLife } from './process-life.ts';
import type { SimulatedEnsemble } from './simulated-ensemble.ts';
import { SimulatedStore } from './simulated-store.ts';
import type { VirtualTime } from './virtual-time.ts';

/**
 * done      answered
 * refused   answered with an error that says that nothing has changed, or nobody was there
 * unknown   it may have taken effect
 */
export type Answer<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'unknown' };

export interface CallOptions<Value> {
  readonly name: string;
  /** The call's own waiting, such as a long poll's. */
  readonly waitMs?: number;
  /** The client goes away after so long. */
  readonly leaveAfterMs?: number;
  /** As routes do for an answer that nobody takes. */
  readonly undelivered?: (broker: Broker, value: Value) => Promise<void>;
}

export interface GatewayOptions {
  readonly name: string;
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly ensemble: SimulatedEnsemble;
  readonly segmentLimits: SegmentLimits;
  /** Told of what must never happen. */
  readonly onDefect: (what: string) => void;
}

export const REQUEST_TIMEOUT_MS = 1_500;
/** Some requests wait for the ensemble several times: to find each name that they use, and to act. */
const ANSWER_LIMIT_MS = 8 * REQUEST_TIMEOUT_MS;
/** Beyond it the ensemble gives up the session of a process that stands still. */
const SESSION_TIMEOUT_MS = 2_000;

interface Running {
  readonly life: ProcessLife;
  readonly store: SimulatedStore;
  readonly broker: Broker;
  readonly onCrash: Set<() => void>;
  frozenAtMs: number;
}

export class SimulatedGateway {
  readonly #options: GatewayOptions;
  #running: Running | undefined;
  #starts = 0;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.start();
  }

  get store(): SimulatedStore | undefined {
    return this.#running?.store;
  }

  get ready(): boolean {
    return this.#running?.broker.ready ?? false;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const { time, ensemble, segmentLimits, onDefect, name } = this.#options;
    this.#starts += 1;
    const chance = this.#options.chance.derive(`${name} ${this.#starts}`);
    const life = new ProcessLife(time);
    const requestTimeoutMs = REQUEST_TIMEOUT_MS;
    const store = new SimulatedStore({ time, chance, ensemble, life, requestTimeoutMs });
    const report = (fields: object, message: string) => {
      const { err } = fields as { err?: Error };
      onDefect(`${name} logged an error: ${message}: ${err?.stack ?? ''}`);
    };
    const broker = createBroker({
      store,
      timers: life,
      random: chance,
      logger: { ...silentLogger, error: report },
      requestTimeoutMs,
      entryCacheBytesMax: 1024 * 1024,
      segmentLimits,
    });
    this.#running = { life, store, broker, onCrash: new Set(), frozenAtMs: Number.NEGATIVE_INFINITY };
  }

  /** Ends the process between two instructions. */
  crash(): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.life.kill();
    running.store.abandon();
    for (const gone of running.onCrash) gone();
  }

  /** The process stands still for a while. */
  freeze(forMs: number): void {
    const running = this.#running;
    if (running === undefined || running.life.frozen) return;
    const { time } = this.#options;
    running.frozenAtMs = Number.POSITIVE_INFINITY;
    running.life.freeze();
    time.after(forMs, () => {
      if (forMs > SESSION_TIMEOUT_MS) running.store.expire(10);
      running.frozenAtMs = time.nowMs;
      running.life.thaw();
    });
  }

  /** Sends a request, as a client over the network does. */
  call<Value>(
    act: (broker: Broker, call: Call) => Promise<Value>,
    options: CallOptions<Value>,
  ): Promise<Answer<Value>> {
    const { time, onDefect, name } = this.#options;
    const running = this.#running;
    if (running === undefined) return Promise.resolve({ kind: 'refused', code: 'no gateway' });
    const askedMs = time.nowMs;
    return new Promise((resolve) => {
      const leaving = new AbortController();
      let told = false;
      const tell = (answer: Answer<Value>) => {
        if (told) return;
        told = true;
        running.onCrash.delete(gone);
        cancelLimit();
        cancelLeaving();
        resolve(answer);
      };
      const gone = () => tell({ kind: 'unknown' });
      const leave = () => {
        tell({ kind: 'unknown' });
        running.life.deliver(() => leaving.abort());
      };
      const cancelLimit = time.after(ANSWER_LIMIT_MS + (options.waitMs ?? 0), () => {
        if (!told && running.frozenAtMs < askedMs) onDefect(`${name} never answered: ${options.name}`);
        leave();
      });
      const cancelLeaving =
        options.leaveAfterMs === undefined ? () => {} : time.after(options.leaveAfterMs, leave);
      running.onCrash.add(gone);
      const done = (value: Value) => {
        if (told) options.undelivered?.(running.broker, value).catch(() => {});
        else tell({ kind: 'done', value });
      };
      const failed = (error: unknown) => {
        if (!(error instanceof BrokerError)) {
          if (!told || !leaving.signal.aborted)
            onDefect(`${name} failed in ${options.name}: ${(error as Error)?.stack ?? error}`);
          return tell({ kind: 'unknown' });
        }
        tell(error.code === 'outcome-unknown' ? { kind: 'unknown' } : { kind: 'refused', code: error.code });
      };
      running.life.deliver(() => void act(running.broker, { signal: leaving.signal }).then(done, failed));
    });
  }
}
