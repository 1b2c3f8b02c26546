/** Queues, topics and the subscriptions of a topic as lists, a page at a time. */

import { readWithDeadline } from '../commit/read-through.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { NAME_PATTERN } from '../model/names.ts';
import type { ListPage, ListRequest, Resource, ResourceKind } from '../model/vocabulary.ts';
import type { Engine } from '../topics/engine.ts';
import { TOPICS_PATH } from '../zookeeper/paths.ts';
import { type AnyConfig, describe, describeSubscription, unlessGone } from './describe.ts';
import { decodeListCursor, encodeListCursor } from './list-cursor.ts';

/** So many are described at a time for one answer. They share barriers, which is most of what a new one takes. */
const LISTED_AT_ONCE = 32;

/** A list goes on after a name. */

/** One page of what a kind has, in the order of names. Throws BrokerError. */
export async function list(
  engine: Engine,
  kind: ResourceKind,
  request: ListRequest,
  signal: CallSignal,
): Promise<ListPage<Resource<AnyConfig>>> {
  const after = request.cursor === undefined ? '' : decodeListCursor(request.cursor, NAME_PATTERN)[0];
  if (kind === 'subscription') {
    return engine.directory.use({ kind: 'topic', name: request.topic ?? '' }, async (open) => {
      const { topic } = open;
      const names = await readWithDeadline(engine.runtime, async () => {
        await engine.runtime.store.barrier();
        await topic.refresh();
        topic.assertLive();
        return open.subscriptionNames();
      });
      const describeOne = (name: string) => describeSubscription(engine, open, name);
      const page = await pageOf(names, after, describeOne, request, signal);
      // If the topic itself is deleted, its subscriptions must not seem to have been deleted one by one.
      topic.assertLive();
      return page;
    });
  }
  const names = await readWithDeadline(engine.runtime, async () => {
    await engine.runtime.store.barrier();
    return (await engine.runtime.store.list(TOPICS_PATH))?.children ?? [];
  });
  // Queues and topics share their names: one of the other kind is passed over as if it were deleted.
  const describeOne = (name: string) =>
    engine.directory.use({ kind, name }, (open) => describe(engine, open));
  return pageOf(names, after, describeOne, request, signal);
}

/** Describes those of the names that the request wants, in order. It leaves out what is deleted meanwhile. */
async function pageOf(
  names: readonly string[],
  after: string,
  describeOne: (name: string) => Promise<Resource<AnyConfig>>,
  { prefix = '', isShown = () => true, limit }: ListRequest,
  signal: CallSignal,
): Promise<ListPage<Resource<AnyConfig>>> {
  const wanted = names.filter((name) => name.startsWith(prefix) && name > after && isShown(name)).sort();
  const items: Resource<AnyConfig>[] = [];
  let next = 0;
  while (next < wanted.length && items.length < limit && !signal.aborted) {
    const some = wanted.slice(next, next + limit - items.length);
    next += some.length;
    items.push(...(await describeAll(some, describeOne, signal)));
  }
  const last = wanted[next - 1];
  return next < wanted.length && last !== undefined
    ? { items, nextCursor: encodeListCursor(last) }
    : { items };
}

/** Describes up to LISTED_AT_ONCE at a time; answers in the order of the names, without those that are deleted meanwhile. */
async function describeAll(
  names: readonly string[],
  describeOne: (name: string) => Promise<Resource<AnyConfig>>,
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
        described[index] = await describeOne(name).catch(unlessGone);
      } catch (error) {
        hasFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: LISTED_AT_ONCE }, work));
  return described.filter((resource) => resource !== undefined);
}
