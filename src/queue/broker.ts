/**
 * The broker: puts the engine's parts together behind its face, and translates between the face's terms (seconds,
 * receipts as text) and the engine's (milliseconds, positions).
 */
import type {
  Call,
  MessageState,
  NewMessage,
  Outcome,
  Page,
  PageRequest,
  PeekedMessage,
  Precondition,
  PublishedMessage,
  QueueConfig,
  ReceivedMessage,
  ReceiveRequest,
  ReceiveResult,
  Resource,
  ResourceConfigs,
  ResourceKind,
  ResourceRef,
  SettleAction,
  StreamEvent,
  SubscriptionRef,
  TopicRef,
  TransactionResult,
} from './broker-types.ts';
import { inspect } from './cursor/inspection.ts';
import { peekAt } from './cursor/peek.ts';
import type { Lease } from './cursor/requests.ts';
import { endsOf, restart } from './cursor/restart.ts';
import { statsOf } from './cursor/stats.ts';
import type { Subscription } from './cursor/subscription.ts';
import { BrokerError, partlyDone } from './errors.ts';
import type { Broker } from './index.ts';
import { ensureLayout } from './layout.ts';
import { EntryCache } from './log/entry-cache.ts';
import { hashAttempt } from './model/attempts.ts';
import type { Settlement } from './model/cursor-draft.ts';
import { decodeReceipt, encodeReceipt, type Receipt } from './model/receipt.ts';
import type { Runtime } from './runtime.ts';
import { deadline, readThrough } from './settled-commit.ts';
import { Directory, type OpenTopic } from './topics/directory.ts';
import { etagOf, Lifecycle } from './topics/lifecycle.ts';
import { Trash } from './topics/trash.ts';
import { cursorPath, QUEUE_SUBSCRIPTION, TOPICS_PATH } from './zookeeper/paths.ts';
import { StoreError } from './zookeeper/store.ts';

export interface BrokerOptions extends Runtime {
  /** Memory for entries that were read or written lately. */
  readonly entryCacheBytesMax: number;
}

/** Reads of other queues' statistics at a time, for one answer that lists queues. */
const LISTED_AT_ONCE = 8;

/** Starts an engine on the store, which stays its caller's to close. It becomes ready once the layout is there. */
export function createBroker(options: BrokerOptions): Broker {
  return new ZooKeeperBroker(options);
}

class ZooKeeperBroker implements Broker {
  readonly #runtime: Runtime;
  readonly #entries: EntryCache;
  readonly #directory: Directory;
  readonly #lifecycle: Lifecycle;
  readonly #trash: Trash;
  readonly #closing = new AbortController();
  #prepared = false;
  #draining = false;

  constructor(options: BrokerOptions) {
    this.#runtime = options;
    this.#entries = new EntryCache(options.store, options.entryCacheBytesMax);
    this.#directory = new Directory(options, this.#entries);
    this.#trash = new Trash(options);
    this.#lifecycle = new Lifecycle(options, this.#directory, this.#trash);
    void this.#prepare();
  }

  get ready(): boolean {
    return this.#prepared && !this.#draining && this.#runtime.store.state === 'connected';
  }

  async put<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    config: ResourceConfigs[Kind],
    precondition: Precondition,
    _call: Call,
  ) {
    assertQueue(ref.kind);
    const { created, open } = await this.#lifecycle.put(ref.name, config as QueueConfig, precondition);
    return { created, resource: (await this.#describe(open)) as Resource<ResourceConfigs[Kind]> };
  }

  async update<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    change: (current: ResourceConfigs[Kind]) => ResourceConfigs[Kind],
    precondition: Precondition,
    _call: Call,
  ): Promise<Resource<ResourceConfigs[Kind]>> {
    assertQueue(ref.kind);
    const changeQueue = change as unknown as (current: QueueConfig) => QueueConfig;
    const open = await this.#lifecycle.update(ref.name, changeQueue, precondition);
    return (await this.#describe(open)) as Resource<ResourceConfigs[Kind]>;
  }

  async get<Kind extends ResourceKind>(
    ref: ResourceRef<Kind>,
    _call: Call,
  ): Promise<Resource<ResourceConfigs[Kind]>> {
    assertQueue(ref.kind);
    const queue = { kind: 'queue', name: ref.name } as const;
    const described = await this.#directory.use(queue, (open) => this.#describe(open));
    return described as Resource<ResourceConfigs[Kind]>;
  }

  async list<Kind extends ResourceKind>(
    kind: Kind,
    request: PageRequest & { prefix?: string; topic?: string },
    call: Call,
  ): Promise<Page<Resource<ResourceConfigs[Kind]>>> {
    assertQueue(kind);
    return (await this.#listQueues(request, call)) as Page<Resource<ResourceConfigs[Kind]>>;
  }

  async delete(ref: ResourceRef, precondition: Precondition, _call: Call): Promise<void> {
    assertQueue(ref.kind);
    await this.#lifecycle.delete(ref.name, precondition);
  }

  async seek(): Promise<void> {
    assertQueue('subscription');
  }

  async redrive(): Promise<number> {
    assertQueue('subscription');
    return 0;
  }

  async browse(): Promise<Page<PeekedMessage>> {
    assertQueue('topic');
    return { items: [] };
  }

  async stream(): Promise<AsyncIterable<readonly StreamEvent[]>> {
    assertQueue('topic');
    throw new Error('unreachable');
  }

  async transact(): Promise<TransactionResult> {
    assertQueue('topic');
    return { publishes: [] };
  }

  async #listQueues(
    request: PageRequest & { prefix?: string },
    call: Call,
  ): Promise<Page<Resource<QueueConfig>>> {
    const after = request.cursor === undefined ? '' : decodeListCursor(request.cursor);
    const names = await this.#reading(async () => {
      await this.#runtime.store.barrier();
      return (await this.#runtime.store.list(TOPICS_PATH))?.children ?? [];
    });
    const wanted = names.filter((name) => name.startsWith(request.prefix ?? '') && name > after).sort();
    const items: Resource<QueueConfig>[] = [];
    let next = 0;
    while (next < wanted.length && items.length < request.limit && !call.signal.aborted) {
      const some = wanted.slice(next, next + Math.min(LISTED_AT_ONCE, request.limit - items.length));
      next += some.length;
      const described = await Promise.all(some.map((name) => this.#describeIfQueue(name)));
      items.push(...described.filter((item) => item !== undefined));
    }
    const last = wanted[next - 1];
    return next < wanted.length && last !== undefined
      ? { items, nextCursor: encodeListCursor(last) }
      : { items };
  }

  async publish(target: TopicRef, messages: readonly NewMessage[], call: Call): Promise<PublishedMessage[]> {
    const ids = await this.#use(target, ({ appender }) => appender.append(messages, call.signal));
    return ids.map((id) => ({ id }));
  }

  async receive(source: SubscriptionRef, request: ReceiveRequest, call: Call): Promise<ReceiveResult> {
    return this.#use(source, (open) =>
      this.#receiveFrom(this.#directory.subscription(open, source), request, call),
    );
  }

  async #receiveFrom(
    subscription: Subscription,
    request: ReceiveRequest,
    call: Call,
  ): Promise<ReceiveResult> {
    const identity = identityOf(subscription);
    const acking =
      request.ack === undefined
        ? undefined
        : this.#settleAll(subscription, request.ack, () => ({ kind: 'ack' }), call.signal);
    // Claimed in the same turn of the event loop, and so in the same write.
    const claiming = subscription.claim(
      {
        max: request.max,
        leaseMs: request.leaseSeconds === undefined ? undefined : request.leaseSeconds * 1000,
        waitMs: request.waitSeconds * 1000,
        autoAck: request.autoAck,
        attempt: request.attemptId === undefined ? undefined : hashAttempt(request.attemptId),
      },
      call.signal,
    );
    const [acked, lease] = await bothSettled(acking, claiming, (unused) =>
      this.#releaseLease(subscription, unused),
    );
    const messages = lease === undefined ? [] : receivedMessages(lease, identity);
    return acked === undefined ? { messages } : { messages, acked };
  }

  async release(source: SubscriptionRef, receipts: readonly string[]): Promise<void> {
    await this.#use(source, (open) => {
      const subscription = this.#directory.subscription(open, source);
      return this.#settleAll(subscription, receipts, () => ({ kind: 'release' }), undefined);
    });
  }

  async settle(
    source: SubscriptionRef,
    action: SettleAction,
    receipts: readonly string[],
    call: Call,
  ): Promise<Outcome[]> {
    return this.#use(source, (open) => {
      const subscription = this.#directory.subscription(open, source);
      return this.#settleAll(subscription, receipts, settlementOf(action), call.signal);
    });
  }

  async peek(
    source: SubscriptionRef,
    request: PageRequest & { state?: MessageState },
    _call: Call,
  ): Promise<Page<PeekedMessage>> {
    return this.#use(source, ({ topic }) =>
      this.#reading(async () => {
        const inspection = await inspect(this.#runtime, this.#entries, topic, subscriptionName(source));
        return peekAt(inspection, this.#entries, request);
      }),
    );
  }

  async purge(source: SubscriptionRef, _call: Call): Promise<void> {
    await this.#use(source, (open) => this.#purge(open, source));
  }

  async #purge(open: OpenTopic, source: SubscriptionRef): Promise<void> {
    const name = subscriptionName(source);
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      for (;;) {
        const inspection = await readThrough(this.#runtime, signal, () =>
          inspect(this.#runtime, this.#entries, open.topic, name),
        );
        const ends = endsOf(inspection);
        if (!(await restart(this.#runtime, inspection, ends, signal))) continue;
        const { cursor } = inspection;
        this.#trash.removeTree(cursorPath(open.topic.id, name, cursor.generation));
        for (const level of cursor.levels) {
          const { first, last } = cursor.bounds(level);
          for (let segment = first; segment <= last; segment += 1) open.trimmer.consider(level, segment);
        }
        this.#directory.subscription(open, source).noteChanged();
        return;
      }
    } finally {
      cancel();
    }
  }

  drain(): void {
    this.#draining = true;
    this.#directory.drain();
  }

  async close(): Promise<void> {
    this.drain();
    this.#closing.abort();
    this.#trash.stop();
    this.#directory.close();
  }

  /** Tries until the layout is there. One of another version is nothing that trying again would mend. */
  async #prepare(): Promise<void> {
    const { store, logger } = this.#runtime;
    while (!this.#closing.signal.aborted) {
      try {
        await store.whenConnected(this.#closing.signal);
        await ensureLayout(store);
        this.#prepared = true;
        this.#trash.start();
        return;
      } catch (error) {
        if (error instanceof StoreError || this.#closing.signal.aborted) continue;
        logger.error({ err: error }, 'this gateway will not become ready');
        return;
      }
    }
  }

  #use<Result>(ref: TopicRef | SubscriptionRef, act: (open: OpenTopic) => Promise<Result>): Promise<Result> {
    return this.#directory.use({ kind: ref.kind, name: ref.name }, act);
  }

  async #describe(open: OpenTopic): Promise<Resource<QueueConfig>> {
    const { topic } = open;
    const stats = await this.#reading(async () => {
      const inspection = await inspect(this.#runtime, this.#entries, topic, QUEUE_SUBSCRIPTION);
      return statsOf(inspection, this.#entries);
    });
    return {
      name: topic.name,
      config: topic.config as QueueConfig,
      stats,
      createdAtMs: topic.createdAtMs,
      updatedAtMs: topic.updatedAtMs,
      etag: etagOf(topic),
    };
  }

  /** Undefined for a topic, and for a queue that has been deleted meanwhile. */
  async #describeIfQueue(name: string): Promise<Resource<QueueConfig> | undefined> {
    try {
      return await this.#describe(await this.#directory.resolve({ kind: 'queue', name }));
    } catch (error) {
      if (error instanceof BrokerError && error.code === 'not-found') return undefined;
      throw error;
    }
  }

  /** Reads, again after a loss of the connection, within the time of a request. */
  async #reading<Result>(reads: () => Promise<Result>): Promise<Result> {
    const { signal, cancel } = deadline(this.#runtime, this.#runtime.requestTimeoutMs);
    try {
      return await readThrough(this.#runtime, signal, reads);
    } finally {
      cancel();
    }
  }

  async #settleAll(
    subscription: Subscription,
    texts: readonly string[],
    settlement: (nowMs: number) => Settlement,
    signal: AbortSignal | undefined,
  ): Promise<Outcome[]> {
    const identity = identityOf(subscription);
    const receipts = texts.map((text) => decodeReceipt(text, identity));
    const valid = receipts.filter((receipt): receipt is Receipt => receipt !== undefined);
    const outcomes = await subscription.settle(valid, settlement, signal);
    let next = 0;
    return texts.map((receipt, index): Outcome => {
      if (receipts[index] === undefined) return { receipt, outcome: 'invalid' };
      next += 1;
      return { receipt, outcome: outcomes[next - 1] ?? 'lost' };
    });
  }

  /** A lease that nobody will learn of. */
  #releaseLease(subscription: Subscription, lease: Lease | undefined): void {
    if (lease === undefined) return;
    const receipts = lease.messages.map((message) => ({
      ...message,
      generation: lease.generation,
      lease: lease.lease,
    }));
    subscription.settle(receipts, () => ({ kind: 'release' })).catch(() => {});
  }
}

/** Topics, subscriptions and transactions are being built. */
function assertQueue(kind: ResourceKind): void {
  if (kind !== 'queue') throw new BrokerError('validation', 'Only queues are available yet.');
}

function settlementOf(action: SettleAction): (nowMs: number) => Settlement {
  switch (action.kind) {
    case 'ack':
      return () => ({ kind: 'ack' });
    case 'nack':
      return (nowMs) => ({
        kind: 'nack',
        dueMs: action.delaySeconds > 0 ? Math.round(nowMs + action.delaySeconds * 1000) : 0,
      });
    case 'extend':
      return (nowMs) => ({ kind: 'extend', untilMs: Math.round(nowMs + action.leaseSeconds * 1000) });
    case 'reject':
      throw new BrokerError('validation', 'Rejecting messages is not available yet.');
  }
}

/** Both results; when the acks fail the request fails, and a lease made for it is given back. */
async function bothSettled(
  acking: Promise<Outcome[]> | undefined,
  claiming: Promise<Lease | undefined>,
  onUnused: (lease: Lease | undefined) => void,
): Promise<[Outcome[] | undefined, Lease | undefined]> {
  const [acked, lease] = await Promise.allSettled([acking, claiming]);
  if (acked.status === 'rejected') {
    if (lease.status !== 'fulfilled' || lease.value === undefined) throw acked.reason;
    onUnused(lease.value);
    throw partlyDone(acked.reason);
  }
  if (lease.status === 'rejected') throw acking === undefined ? lease.reason : partlyDone(lease.reason);
  return [acked.value, lease.value];
}

function receivedMessages(lease: Lease, identity: string): ReceivedMessage[] {
  return lease.messages.map(({ message, deliveries, level, segment, offset }) => {
    const { expiresAtMs: _expiresAtMs, ...stored } = message;
    const receipt = encodeReceipt(
      { generation: lease.generation, level, segment, offset, lease: lease.lease },
      identity,
    );
    return {
      ...stored,
      receipt,
      deliveries,
      leaseExpiresAtMs: lease.untilMs,
      fencingToken: lease.fencingToken,
    };
  });
}

function identityOf(subscription: Subscription): string {
  return `${subscription.topic.id}/${subscription.name}`;
}

function subscriptionName(ref: SubscriptionRef): string {
  return ref.kind === 'queue' ? QUEUE_SUBSCRIPTION : ref.subscription;
}

function encodeListCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function decodeListCursor(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('latin1');
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) return name;
  const message = 'is not a cursor of this list: pass on nextCursor as it was given, or leave it out';
  throw new BrokerError('validation', 'The cursor is not valid.', { errors: [{ path: 'cursor', message }] });
}
