/** The broker: puts the engine's parts together behind its face. */

import type { Broker } from './index.ts';
import { watchForCutOff } from './limits/cut-off.ts';
import { GatewayLoad, type LoadLimits, NO_LIMITS } from './limits/rate-limited.ts';
import { DataLimit } from './limits/store-full.ts';
import { EntryCache } from './log/entry-cache.ts';
import { RecentIds } from './log/recent-ids.ts';
import { SEGMENT_LIMITS, type SegmentLimits } from './model/segment.ts';
import type {
  Call,
  ListPage,
  ListRequest,
  MessageState,
  NewMessage,
  Outcome,
  PageRequest,
  PeekedMessage,
  Precondition,
  PublishedMessage,
  ReceiveRequest,
  ReceiveResult,
  RedriveRequest,
  Resource,
  ResourceConfigs,
  ResourceKind,
  ResourceRef,
  SeekTarget,
  SettleAction,
  StreamEvent,
  StreamRoom,
  SubscriptionRef,
  TopicRef,
  TransactionRequest,
  TransactionResult,
} from './model/vocabulary.ts';
import { abortSignalOf } from './runtime/abort-signal.ts';
import { COUNTED_NAMES_MAX_DEFAULT, Counts } from './runtime/counts.ts';
import type { Runtime } from './runtime/runtime.ts';
import { Directory } from './topics/directory.ts';
import type { Engine } from './topics/engine.ts';
import { LayoutGuard } from './topics/layout-guard.ts';
import { Trash } from './topics/trash.ts';
import { browse } from './verbs/browse.ts';
import { list } from './verbs/list.ts';
import { deleteResource, get, put, update } from './verbs/manage.ts';
import { peek } from './verbs/peek.ts';
import { publish } from './verbs/publish.ts';
import { purge } from './verbs/purge.ts';
import { receive } from './verbs/receive.ts';
import { redrive } from './verbs/redrive.ts';
import { seek } from './verbs/seek.ts';
import { release, settle } from './verbs/settle.ts';
import { stream } from './verbs/stream.ts';
import { type Telemetry, telemetryOf } from './verbs/telemetry.ts';
import { transact } from './verbs/transact.ts';
import { TRANSACTIONS_PATH } from './zookeeper/paths.ts';
import type { StoreMeter } from './zookeeper/store.ts';

export interface BrokerOptions extends Omit<Runtime, 'counts' | 'segmentLimits' | 'load' | 'dataLimit'> {
  /** Memory for entries that were read or written lately. */
  readonly entryCacheBytesMax: number;
  readonly segmentLimits?: SegmentLimits;
  /** How many queues, topics and subscriptions have counts of their own. */
  readonly countedNamesMax?: number;
  /** What is left out is not limited. */
  readonly loadLimits?: Partial<LoadLimits>;
  /** How much the ensemble may store before nothing more is published, in bytes, and who tells how much it does. */
  readonly dataLimit?: { readonly bytesMax: number; readonly meter: StoreMeter };
}

/** Starts an engine on the store, which stays its caller's to close. It becomes ready once the layout is there. */
export function createBroker(options: BrokerOptions): Broker {
  return new ZooKeeperBroker(options);
}

class ZooKeeperBroker implements Broker {
  readonly telemetry: Telemetry;
  readonly #runtime: Runtime;
  readonly #engine: Engine;
  readonly #disconnectedMs: () => number;
  readonly #closing = new AbortController();
  /** Ends the streams, which would otherwise never end. */
  readonly #streaming = new AbortController();
  readonly #layout: LayoutGuard;
  #draining = false;

  constructor(options: BrokerOptions) {
    const { segmentLimits = SEGMENT_LIMITS } = options;
    const counts = new Counts(options.countedNamesMax ?? COUNTED_NAMES_MAX_DEFAULT);
    const load = new GatewayLoad({ ...NO_LIMITS, ...options.loadLimits });
    const { dataLimit: limit, ...world } = options;
    const dataLimit = limit && { dataLimit: new DataLimit(options, limit.meter, limit.bytesMax) };
    const layout = new LayoutGuard({ ...options, onStopped: () => this.#stopServing() });
    const runtime: Runtime = { ...world, store: layout, segmentLimits, counts, load, ...dataLimit };
    const entries = new EntryCache(layout, options.entryCacheBytesMax);
    const trash = new Trash(runtime);
    const directory = new Directory(runtime, entries, (path) => trash.removeTree(path));
    const transactionIds = new RecentIds(runtime, TRANSACTIONS_PATH, (path) => trash.removeTree(path));
    this.#layout = layout;
    this.#runtime = runtime;
    this.#engine = { runtime, entries, directory, trash, transactionIds };
    this.telemetry = telemetryOf(this.#engine, { load, ...dataLimit });
    this.#disconnectedMs = watchForCutOff(layout, options.timers);
    void this.#startSweeping();
  }

  get ready(): boolean {
    return !this.#draining && this.#layout.state === 'connected';
  }

  get isCutOff(): boolean {
    return this.#layout.isStopped || this.#disconnectedMs() > this.#runtime.requestTimeoutMs;
  }

  async put<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    config: ResourceConfigs[Kind],
    precondition: Precondition,
    _call: Call,
  ) {
    const { created, resource } = await put(this.#engine, ref as ResourceRef, config, precondition);
    return { created, resource: resource as Resource<ResourceConfigs[Kind]> };
  }

  async update<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    change: (current: ResourceConfigs[Kind]) => ResourceConfigs[Kind],
    precondition: Precondition,
    _call: Call,
  ): Promise<Resource<ResourceConfigs[Kind]>> {
    const changeAny = change as unknown as (
      current: ResourceConfigs[ResourceKind],
    ) => ResourceConfigs[ResourceKind];
    const resource = await update(this.#engine, ref as ResourceRef, changeAny, precondition);
    return resource as Resource<ResourceConfigs[Kind]>;
  }

  async get<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    _call: Call,
  ): Promise<Resource<ResourceConfigs[Kind]>> {
    return (await get(this.#engine, ref as ResourceRef)) as Resource<ResourceConfigs[Kind]>;
  }

  async list<Kind extends ResourceKind>(
    kind: Kind,
    request: ListRequest,
    call: Call,
  ): Promise<ListPage<Resource<ResourceConfigs[Kind]>>> {
    return (await list(this.#engine, kind, request, call.signal)) as ListPage<
      Resource<ResourceConfigs[Kind]>
    >;
  }

  async delete(ref: ResourceRef, precondition: Precondition, _call: Call): Promise<void> {
    await deleteResource(this.#engine, ref, precondition);
  }

  publish(target: TopicRef, messages: readonly NewMessage[], call: Call): Promise<PublishedMessage[]> {
    return publish(this.#engine, target, messages, call.signal);
  }

  receive(source: SubscriptionRef, request: ReceiveRequest, call: Call): Promise<ReceiveResult> {
    return receive(this.#engine, source, request, call.signal);
  }

  release(source: SubscriptionRef, receipts: readonly string[]): Promise<void> {
    return release(this.#engine, source, receipts);
  }

  settle(
    source: SubscriptionRef,
    action: SettleAction,
    receipts: readonly string[],
    call: Call,
  ): Promise<Outcome[]> {
    return settle(this.#engine, source, action, receipts, call.signal);
  }

  peek(
    source: SubscriptionRef,
    request: PageRequest & { state?: MessageState },
    _call: Call,
  ): Promise<ListPage<PeekedMessage>> {
    return peek(this.#engine, source, request);
  }

  purge(source: SubscriptionRef, _call: Call): Promise<void> {
    return purge(this.#engine, source);
  }

  seek(source: SubscriptionRef, to: SeekTarget, _call: Call): Promise<void> {
    return seek(this.#engine, source, to);
  }

  redrive(queue: string, request: RedriveRequest, _call: Call): Promise<number> {
    return redrive(this.#engine, queue, request);
  }

  browse(name: string, request: PageRequest, _call: Call): Promise<ListPage<PeekedMessage>> {
    return browse(this.#engine, name, request);
  }

  stream(
    name: string,
    lastEventId: string | undefined,
    call: Call,
    room?: StreamRoom,
  ): Promise<AsyncIterable<readonly StreamEvent[]>> {
    const signal = AbortSignal.any([abortSignalOf(call.signal), this.#streaming.signal]);
    return stream(this.#engine, name, lastEventId, signal, room);
  }

  transact(request: TransactionRequest, _call: Call): Promise<TransactionResult> {
    return transact(this.#engine, request);
  }

  drain(): void {
    this.#draining = true;
    this.#streaming.abort();
    this.#engine.directory.drain();
  }

  async close(): Promise<void> {
    this.drain();
    this.#closing.abort();
    this.#layout.close();
    this.#engine.trash.stop();
    this.#engine.directory.close();
  }

  /** From when the layout is there. */
  async #startSweeping(): Promise<void> {
    const { signal } = this.#closing;
    await this.#layout.whenConnected(signal).catch(() => {});
    if (!signal.aborted) this.#engine.trash.start();
  }

  /** The layout is not known any more: who waits is answered, and no work is left that would go on. */
  #stopServing(): void {
    this.drain();
    this.#engine.trash.stop();
    this.#engine.directory.close();
  }
}
