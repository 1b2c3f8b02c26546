/** Queues, topics and subscriptions as resources: created, changed, described, listed and deleted. */

import { readWithDeadline } from '../commit/read-through.ts';
import { statsOf } from '../cursor/stats.ts';
import type { EntryCache } from '../log/entry-cache.ts';
import { ScheduleReader } from '../log/schedule-reader.ts';
import { notFound } from '../log/topic.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { type DeliveryPolicy, isWanted } from '../model/delivery-policy.ts';
import { afterwards, BrokerError } from '../model/errors.ts';
import { NAME_PATTERN } from '../model/names.ts';
import type {
  ListRequest,
  Page,
  Precondition,
  Resource,
  ResourceConfigs,
  ResourceKind,
  ResourceRef,
  Stats,
  SubscriptionConfig,
} from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Directory } from '../topics/directory.ts';
import { etagOf, type Lifecycle } from '../topics/lifecycle.ts';
import type { OpenTopic } from '../topics/open-topic.ts';
import type { SubscriptionLifecycle } from '../topics/subscription-lifecycle.ts';
import { QUEUE_SUBSCRIPTION, TOPICS_PATH } from '../zookeeper/paths.ts';
import { logStats } from './browse.ts';

type AnyConfig = ResourceConfigs[ResourceKind];

/** Described at a time, for one answer that lists. They share barriers, which is most of what a new one takes. */
const LISTED_AT_ONCE = 32;

export class Resources {
  readonly #runtime: Runtime;
  readonly #entries: EntryCache;
  readonly #directory: Directory;
  readonly #lifecycle: Lifecycle;
  readonly #subscriptions: SubscriptionLifecycle;

  constructor(
    runtime: Runtime,
    entries: EntryCache,
    directory: Directory,
    lifecycle: Lifecycle,
    subscriptions: SubscriptionLifecycle,
  ) {
    this.#runtime = runtime;
    this.#entries = entries;
    this.#directory = directory;
    this.#lifecycle = lifecycle;
    this.#subscriptions = subscriptions;
  }

  async put(ref: ResourceRef, config: AnyConfig, precondition: Precondition) {
    if (ref.kind === 'subscription') {
      return this.#directory.use({ kind: 'topic', name: ref.topic }, (open) =>
        this.#putSubscription(open, ref.name, config as SubscriptionConfig, precondition),
      );
    }
    for (;;) {
      const { created, open } = await this.#lifecycle.put(
        ref,
        config as ResourceConfigs['queue'],
        precondition,
      );
      const resource = await afterwards(() => this.#describe(open)).catch(unlessGone);
      // Deleted by somebody else meanwhile: then it is to be made again.
      if (resource !== undefined) return { created, resource };
    }
  }

  async #putSubscription(
    open: OpenTopic,
    name: string,
    config: SubscriptionConfig,
    precondition: Precondition,
  ): Promise<{ created: boolean; resource: Resource<AnyConfig> }> {
    for (;;) {
      const { created } = await this.#subscriptions.put(open, name, config, precondition);
      const resource = await afterwards(() => this.#describeSubscription(open, name)).catch(unlessGone);
      // Deleted by somebody else meanwhile: then it is to be made again.
      if (resource !== undefined) return { created, resource };
    }
  }

  async update(
    ref: ResourceRef,
    change: (current: AnyConfig) => AnyConfig,
    precondition: Precondition,
  ): Promise<Resource<AnyConfig>> {
    if (ref.kind === 'subscription') {
      const changed = change as (current: SubscriptionConfig) => SubscriptionConfig;
      return this.#directory.use({ kind: 'topic', name: ref.topic }, async (open) => {
        await this.#subscriptions.update(open, ref.name, changed, precondition);
        return afterwards(() => this.#describeSubscription(open, ref.name));
      });
    }
    const changed = change as (
      current: ResourceConfigs['queue' | 'topic'],
    ) => ResourceConfigs['queue' | 'topic'];
    const open = await this.#lifecycle.update(ref, changed, precondition);
    return afterwards(() => this.#describe(open));
  }

  async get(ref: ResourceRef): Promise<Resource<AnyConfig>> {
    if (ref.kind !== 'subscription') return this.#directory.use(ref, (open) => this.#describe(open));
    return this.#directory.use({ kind: 'topic', name: ref.topic }, (open) =>
      this.#describeSubscription(open, ref.name),
    );
  }

  async delete(ref: ResourceRef, precondition: Precondition): Promise<void> {
    if (ref.kind !== 'subscription') return this.#lifecycle.delete(ref, precondition);
    await this.#directory.use({ kind: 'topic', name: ref.topic }, (open) =>
      this.#subscriptions.delete(open, ref.name, precondition),
    );
  }

  async list(
    kind: ResourceKind,
    request: ListRequest,
    signal: CallSignal,
  ): Promise<Page<Resource<AnyConfig>>> {
    const after = request.cursor === undefined ? '' : decodeCursor(request.cursor);
    if (kind === 'subscription') {
      return this.#directory.use({ kind: 'topic', name: request.topic ?? '' }, async (open) => {
        const { topic } = open;
        const names = await readWithDeadline(this.#runtime, async () => {
          await this.#runtime.store.barrier();
          await topic.refresh();
          topic.assertLive();
          return open.subscriptionNames();
        });
        const describe = (name: string) => this.#describeSubscription(open, name);
        const page = await pageOf(names, after, describe, request, signal);
        // What is left out must have gone alone, or there is no list of which it could be left out.
        topic.assertLive();
        return page;
      });
    }
    const names = await readWithDeadline(this.#runtime, async () => {
      await this.#runtime.store.barrier();
      return (await this.#runtime.store.list(TOPICS_PATH))?.children ?? [];
    });
    // A name of the other kind is as good as gone.
    const describe = (name: string) => this.#directory.use({ kind, name }, (open) => this.#describe(open));
    return pageOf(names, after, describe, request, signal);
  }

  async #describe(open: OpenTopic): Promise<Resource<AnyConfig>> {
    const { topic } = open;
    const stats = await this.#stats(open, topic.kind === 'queue' ? QUEUE_SUBSCRIPTION : undefined);
    const { name, config, createdAtMs, updatedAtMs } = topic;
    return { name, config, stats, createdAtMs, updatedAtMs, etag: etagOf(topic) };
  }

  async #describeSubscription(open: OpenTopic, name: string): Promise<Resource<AnyConfig>> {
    const stats = await this.#stats(open, name);
    const known = await readWithDeadline(this.#runtime, () => this.#subscriptions.find(open.topic, name));
    if (known === undefined) throw notFound('subscription', name);
    const { config, createdAtMs, updatedAtMs, revision } = known.record;
    return { name, config: config as SubscriptionConfig, stats, createdAtMs, updatedAtMs, etag: revision };
  }

  /** Of a subscription, or of what a topic's log holds. What is due or dead by now is brought in first. */
  async #stats(open: OpenTopic, subscription: string | undefined): Promise<Stats> {
    return readWithDeadline(this.#runtime, async () => {
      const { topic, schedule } = open;
      const inspection = subscription === undefined ? undefined : await open.inspect(subscription);
      if (inspection === undefined) await schedule.moveDue(true);
      const scheduled = await this.#scheduled(open, inspection?.state.policy);
      return inspection === undefined
        ? logStats(this.#runtime, this.#entries, topic, scheduled)
        : statsOf(inspection, this.#entries, scheduled);
    });
  }

  /** What waits for its time. Counted by its node, unless a subscription wants only some of it. */
  async #scheduled({ topic, schedule }: OpenTopic, policy: DeliveryPolicy | undefined) {
    const { messages, bytes } = schedule.state;
    const counted = { messages: 0, bytes: 0, oldestPublishedAtMs: undefined as number | undefined };
    if (messages === 0) return counted;
    const wantsSome = policy !== undefined && (policy.filter !== undefined || policy.purgedSchedule > 0);
    const reader = new ScheduleReader(this.#runtime.store, this.#entries, topic.id);
    for await (const { message } of reader.messages()) {
      if (wantsSome && !isWanted(message, policy)) continue;
      counted.messages += 1;
      counted.bytes += message.body.length;
      counted.oldestPublishedAtMs = Math.min(
        counted.oldestPublishedAtMs ?? message.publishedAtMs,
        message.publishedAtMs,
      );
      if (!wantsSome) return { ...counted, messages, bytes };
    }
    return counted;
  }
}

/** What has been deleted since it was listed is left out. */
function unlessGone(error: unknown): undefined {
  if (error instanceof BrokerError && error.code === 'not-found') return undefined;
  throw error;
}

function encodeCursor(name: string): string {
  return Buffer.from(name).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const name = Buffer.from(cursor, 'base64url').toString('latin1');
  if (NAME_PATTERN.test(name)) return name;
  const message = 'is not a cursor of this list: pass on nextCursor as it was given, or leave it out';
  throw new BrokerError('validation', 'The cursor is not valid.', { errors: [{ path: 'cursor', message }] });
}

/** The described of `names` that are wanted, in order; those that go while they are described are left out. */
async function pageOf(
  names: readonly string[],
  after: string,
  describe: (name: string) => Promise<Resource<AnyConfig>>,
  { prefix = '', isShown = () => true, limit }: ListRequest,
  signal: CallSignal,
): Promise<Page<Resource<AnyConfig>>> {
  const wanted = names.filter((name) => name.startsWith(prefix) && name > after && isShown(name)).sort();
  const items: Resource<AnyConfig>[] = [];
  let next = 0;
  while (next < wanted.length && items.length < limit && !signal.aborted) {
    const some = wanted.slice(next, next + limit - items.length);
    next += some.length;
    items.push(...(await describeAll(some, describe, signal)));
  }
  const last = wanted[next - 1];
  return next < wanted.length && last !== undefined ? { items, nextCursor: encodeCursor(last) } : { items };
}

/** In the order of their names, without those that have gone. The next is begun as soon as one is done. */
async function describeAll(
  names: readonly string[],
  describe: (name: string) => Promise<Resource<AnyConfig>>,
  signal: CallSignal,
): Promise<Resource<AnyConfig>[]> {
  const described: (Resource<AnyConfig> | undefined)[] = [];
  const left = names.entries();
  let hasFailed = false;
  const work = async (): Promise<void> => {
    for (const [index, name] of left) {
      // Nobody wants the rest any more.
      if (signal.aborted || hasFailed) return;
      try {
        described[index] = await describe(name).catch(unlessGone);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: LISTED_AT_ONCE }, work));
  return described.filter((resource) => resource !== undefined);
}
