/** The broker: puts the engine's parts together behind its face. */

import { readWithDeadline } from './commit/read-through.ts';
import type { Broker } from './index.ts';
import { DataLimit } from './limits/data-limit.ts';
import { GatewayLoad, type LoadLimits, NO_LIMITS } from './limits/gateway-load.ts';
import { Outage } from './limits/outage.ts';
import { EntryCache } from './log/entry-cache.ts';
import { RecentIds } from './log/recent-ids.ts';
import { SEGMENT_LIMITS, type SegmentLimits } from './model/segment.ts';
import type {
  Call,
  ListRequest,
  MessageState,
  NewMessage,
  Outcome,
  Page,
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
import { COUNTED_NAMES_MAX_DEFAULT, Counts, countPublished } from './runtime/counts.ts';
import type { Runtime } from './runtime/runtime.ts';
import { DeadLetterLinks } from './topics/dead-letter-links.ts';
import { Directory } from './topics/directory.ts';
import { LayoutGuard } from './topics/layout-guard.ts';
import { Lifecycle } from './topics/lifecycle.ts';
import { SubscriptionLifecycle } from './topics/subscription-lifecycle.ts';
import { Trash } from './topics/trash.ts';
import { browseLog } from './verbs/browse.ts';
import { Consuming } from './verbs/consuming.ts';
import { Resources } from './verbs/manage.ts';
import { outgoingMessages } from './verbs/publish.ts';
import { Redriving } from './verbs/redrive.ts';
import { openStream } from './verbs/stream.ts';
import { BrokerVitals, type Vitals } from './verbs/telemetry.ts';
import { Transactions } from './verbs/transact.ts';
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
  readonly vitals: Vitals;
  readonly #runtime: Runtime;
  readonly #entries: EntryCache;
  readonly #directory: Directory;
  readonly #resources: Resources;
  readonly #consuming: Consuming;
  readonly #redriving: Redriving;
  readonly #transactions: Transactions;
  readonly #trash: Trash;
  readonly #outage: Outage;
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
    const links = new DeadLetterLinks(runtime, directory);
    const lifecycle = new Lifecycle(runtime, directory, links, trash);
    const subscriptions = new SubscriptionLifecycle(runtime, links, trash);
    const transactionIds = new RecentIds(runtime, TRANSACTIONS_PATH, (path) => trash.removeTree(path));
    this.vitals = new BrokerVitals(runtime, { load, ...dataLimit }, entries, directory);
    this.#layout = layout;
    this.#runtime = runtime;
    this.#entries = entries;
    this.#directory = directory;
    this.#trash = trash;
    this.#outage = new Outage(layout, options.timers);
    this.#resources = new Resources(runtime, entries, directory, lifecycle, subscriptions);
    this.#consuming = new Consuming(runtime, entries, directory, trash);
    this.#redriving = new Redriving(runtime, directory);
    this.#transactions = new Transactions(runtime, directory, transactionIds);
    void this.#startSweeping();
  }

  get ready(): boolean {
    return !this.#draining && this.#layout.state === 'connected';
  }

  get isCutOff(): boolean {
    return this.#layout.isStopped || this.#outage.isLongerThan(this.#runtime.requestTimeoutMs);
  }

  async put<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    config: ResourceConfigs[Kind],
    precondition: Precondition,
    _call: Call,
  ) {
    const { created, resource } = await this.#resources.put(ref as ResourceRef, config, precondition);
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
    const resource = await this.#resources.update(ref as ResourceRef, changeAny, precondition);
    return resource as Resource<ResourceConfigs[Kind]>;
  }

  async get<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    _call: Call,
  ): Promise<Resource<ResourceConfigs[Kind]>> {
    return (await this.#resources.get(ref as ResourceRef)) as Resource<ResourceConfigs[Kind]>;
  }

  async list<Kind extends ResourceKind>(
    kind: Kind,
    request: ListRequest,
    call: Call,
  ): Promise<Page<Resource<ResourceConfigs[Kind]>>> {
    return (await this.#resources.list(kind, request, call.signal)) as Page<Resource<ResourceConfigs[Kind]>>;
  }

  async delete(ref: ResourceRef, precondition: Precondition, _call: Call): Promise<void> {
    await this.#resources.delete(ref, precondition);
  }

  async publish(target: TopicRef, messages: readonly NewMessage[], call: Call): Promise<PublishedMessage[]> {
    return this.#directory.use(target, async (open) => {
      const outgoing = outgoingMessages(messages, open.topic.storage, this.#runtime.store.now());
      const published = await open.appender.append(outgoing, call.signal);
      countPublished(open.counts, published);
      return published;
    });
  }

  receive(source: SubscriptionRef, request: ReceiveRequest, call: Call): Promise<ReceiveResult> {
    return this.#consuming.receive(source, request, call.signal);
  }

  release(source: SubscriptionRef, receipts: readonly string[]): Promise<void> {
    return this.#consuming.release(source, receipts);
  }

  settle(
    source: SubscriptionRef,
    action: SettleAction,
    receipts: readonly string[],
    call: Call,
  ): Promise<Outcome[]> {
    return this.#consuming.settle(source, action, receipts, call.signal);
  }

  peek(
    source: SubscriptionRef,
    request: PageRequest & { state?: MessageState },
    _call: Call,
  ): Promise<Page<PeekedMessage>> {
    return this.#consuming.peek(source, request);
  }

  purge(source: SubscriptionRef, _call: Call): Promise<void> {
    return this.#consuming.purge(source);
  }

  seek(source: SubscriptionRef, to: SeekTarget, _call: Call): Promise<void> {
    return this.#consuming.seek(source, to);
  }

  redrive(queue: string, request: RedriveRequest, _call: Call): Promise<number> {
    return this.#redriving.redrive(queue, request);
  }

  browse(name: string, request: PageRequest, _call: Call): Promise<Page<PeekedMessage>> {
    return this.#directory.use({ kind: 'topic', name }, ({ schedule, topic }) =>
      readWithDeadline(this.#runtime, async () => {
        await schedule.moveDue(true);
        return browseLog(this.#runtime, this.#entries, topic, request);
      }),
    );
  }

  stream(
    name: string,
    lastEventId: string | undefined,
    call: Call,
    room?: StreamRoom,
  ): Promise<AsyncIterable<readonly StreamEvent[]>> {
    const signal = AbortSignal.any([abortSignalOf(call.signal), this.#streaming.signal]);
    return this.#directory.use({ kind: 'topic', name }, (open) =>
      openStream(this.#runtime, this.#entries, open, lastEventId, signal, room),
    );
  }

  transact(request: TransactionRequest, _call: Call): Promise<TransactionResult> {
    return this.#transactions.run(request);
  }

  drain(): void {
    this.#draining = true;
    this.#streaming.abort();
    this.#directory.drain();
  }

  async close(): Promise<void> {
    this.drain();
    this.#closing.abort();
    this.#layout.close();
    this.#trash.stop();
    this.#directory.close();
  }

  /** From when the layout is there. */
  async #startSweeping(): Promise<void> {
    const { signal } = this.#closing;
    await this.#layout.whenConnected(signal).catch(() => {});
    if (!signal.aborted) this.#trash.start();
  }

  /** The layout is not known any more: who waits is answered, and no work is left that would go on. */
  #stopServing(): void {
    this.drain();
    this.#trash.stop();
    this.#directory.close();
  }
}
