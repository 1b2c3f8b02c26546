/** Gateways' engines on one in-memory ensemble, with faults that a test plans and a clock that it may move. */
import { createBroker } from '../../src/queue/broker.ts';
import type { Broker, NewMessage, QueueConfig, ReceiveRequest } from '../../src/queue/index.ts';
import type { SegmentLimits } from '../../src/queue/model/segment.ts';
import type { Timers } from '../../src/queue/runtime/runtime.ts';
import { systemRandom, systemTimers } from '../../src/queue/runtime/system-runtime.ts';
import type { Store } from '../../src/queue/zookeeper/store.ts';
import { MemoryEnsemble } from './memory-ensemble.ts';
import { type Fault, type MemoryRequest, MemoryStore } from './memory-store.ts';
import { silentLogger } from './test-store.ts';

/** Longest that a test waits for a condition that must come about. */
export const patienceMs = 10_000;

export const plainQueue: QueueConfig = {
  delaySeconds: 0,
  priorities: 1,
  dedupWindowSeconds: 300,
  leaseSeconds: 30,
  ordering: 'none',
};

export interface EngineOptions {
  readonly requestTimeoutMs?: number;
  readonly schedule?: (step: () => void) => void;
  readonly segmentLimits?: SegmentLimits;
  /** Most bytes of a commit; a server's own limit when absent. */
  readonly packetBytesMax?: number;
  readonly entryCacheBytesMax?: number;
  readonly timers?: Timers;
  /** What the engine is given in the place of its store. */
  readonly wrap?: (store: MemoryStore) => Store;
}

export interface Engine {
  readonly broker: Broker;
  readonly store: MemoryStore;
  /** Decides the fate of each request from now on. */
  plan(fault: (request: MemoryRequest) => Fault): void;
  close(): Promise<void>;
}

/** Several engines on one ensemble, whose clock runs with the real one plus what the test has advanced it by. */
export class EngineCluster {
  #advancedMs = 0;
  readonly ensemble = new MemoryEnsemble(() => Date.now() + this.#advancedMs);
  readonly #engines: Engine[] = [];

  /** Moves the leader's clock: leases end without anybody sleeping. */
  advance(ms: number): void {
    this.#advancedMs += ms;
  }

  /** Starts one more engine and waits until it is ready. */
  async start(options: EngineOptions = {}): Promise<Engine> {
    const engine = this.open(options);
    await until(() => engine.broker.ready, 'the engine is ready');
    return engine;
  }

  open({
    requestTimeoutMs = 5_000,
    schedule,
    segmentLimits,
    packetBytesMax,
    entryCacheBytesMax,
    timers,
    wrap,
  }: EngineOptions = {}): Engine {
    let fault: (request: MemoryRequest) => Fault = () => 'none';
    const store = new MemoryStore(this.ensemble, {
      fault: (request) => fault(request),
      packetBytesMax,
      ...(schedule === undefined ? {} : { schedule }),
    });
    const broker = createBroker({
      store: wrap?.(store) ?? store,
      timers: timers ?? systemTimers,
      random: systemRandom,
      logger: silentLogger,
      requestTimeoutMs,
      entryCacheBytesMax: entryCacheBytesMax ?? 64 * 1024 * 1024,
      ...(segmentLimits === undefined ? {} : { segmentLimits }),
    });
    const plan = (next: (request: MemoryRequest) => Fault) => {
      fault = next;
    };
    const engine = { broker, store, plan, close: () => broker.close() };
    this.#engines.push(engine);
    return engine;
  }

  async close(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.close()));
  }
}

export const jobs = { kind: 'queue', name: 'jobs' } as const;

/** A call whose client stays. */
export const staying = () => ({ signal: new AbortController().signal });

export const createQueue = (broker: Broker, config: Partial<QueueConfig> = {}) =>
  broker.put(jobs, { ...plainQueue, ...config }, {}, staying());

export function textMessage(text: string, change: Partial<NewMessage> = {}): NewMessage {
  const plain = { bodyKind: 'text', contentType: 'text/plain', attributes: {}, priority: 0 } as const;
  return { ...plain, body: Buffer.from(text), ...change };
}

export const publish = (broker: Broker, ...texts: string[]) =>
  broker.publish(
    jobs,
    texts.map((text) => textMessage(text)),
    staying(),
  );

export const receive = async (broker: Broker, request: Partial<ReceiveRequest> = {}) =>
  (await broker.receive(jobs, { max: 1, waitSeconds: 0, autoAck: false, ...request }, staying())).messages;

export const settle = async (
  broker: Broker,
  action: Parameters<Broker['settle']>[1],
  ...receipts: string[]
): Promise<string[]> =>
  (await broker.settle(jobs, action, receipts, staying())).map(({ outcome }) => outcome);

export const ack = (broker: Broker, ...receipts: string[]) => settle(broker, { kind: 'ack' }, ...receipts);

/** Takes all there is, and tells the bodies. */
export async function drained(broker: Broker): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const messages = await receive(broker, { max: 1000, autoAck: true });
    if (messages.length === 0) return texts;
    texts.push(...messages.map(({ body }) => body.toString()));
  }
}

/** Waits for a condition that must come about. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + patienceMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`it never came about that ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The gateway has nothing more to do. */
export async function quiet({ store }: Engine): Promise<void> {
  let looks = 0;
  let before = '';
  await until(() => {
    const now = JSON.stringify(store.counters);
    looks = now === before ? looks + 1 : 0;
    before = now;
    return looks > 20;
  }, 'the engine is quiet');
}
