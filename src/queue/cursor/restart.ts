/**
 * Starting a subscription anew from another place: a purge starts it at the end of the log, a seek anywhere. One commit
 * writes the new start and the next generation, whose pages live in a cursor of their own; every receipt of an older
 * generation is lost with it, and every commit under way that was made for the old one fails.
 */

import { commitAndLearn } from '../commit/lost-answers.ts';
import { createVersioned } from '../commit/versioned-node.ts';
import { positionAt } from '../log/append-times.ts';
import { findOpenSegment } from '../log/open-segment.ts';
import { subscriptionSetChange } from '../log/subscription-set.ts';
import type { Topic } from '../log/topic.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { LOG_START, type LogPosition } from '../model/position.ts';
import { encodeRecord, LIVE_CURSOR_VERSION, type SubscriptionRecord } from '../model/records.ts';
import { OPEN_VERSION } from '../model/segment.ts';
import type { SeekTarget } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { cursorPath, levelPath, subscriptionPath, trashedCursorPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, type Store, versionAfter, type Write } from '../zookeeper/store.ts';
import type { CursorState } from './cursor-state.ts';
import { ABSENT } from './page-node.ts';

/** Where a target lies in each level of a topic whose logs have just been refreshed. Rejects with a StoreError. */
export async function positionsOf(store: Store, topic: Topic, target: SeekTarget): Promise<LogPosition[]> {
  const positions: LogPosition[] = [];
  for (const log of topic.logs) {
    const open = await findOpenSegment(log);
    if (open === undefined) continue;
    if (target.kind === 'latest') positions[log.level] = { segment: open.number, offset: open.end };
    else if (target.kind === 'earliest') positions[log.level] = { segment: log.first, offset: 0 };
    else positions[log.level] = await positionAt(store, log, open, target.atMs);
  }
  return Array.from(positions, (position) => position ?? LOG_START);
}

/**
 * @param start where each level goes on: from `positionsOf`, called after the state was read
 * @param target what `start` was found for
 * @param purgedSchedule set by a purge: see DeliveryPolicy
 * @returns whether it was done; else the subscription has changed since it was read
 * @throws BrokerError
 */
export async function restart(
  runtime: Runtime,
  state: CursorState,
  start: readonly LogPosition[],
  target: SeekTarget,
  purgedSchedule: number | undefined,
  signal: CallSignal,
): Promise<boolean> {
  const unmoved = target.kind === 'latest' ? guardsOfEnd(state, start) : [];
  if (unmoved === undefined) return false;
  const { topic, name, record } = state;
  const generation = record.generation + 1;
  const next: SubscriptionRecord = {
    ...record,
    generation,
    start,
    ...(purgedSchedule === undefined ? {} : { purgedSchedule }),
  };
  const oldCursor = state.cursorPath.slice(state.cursorPath.lastIndexOf('/') + 1);
  const path = subscriptionPath(topic.id, name);
  const data = encodeRecord(next);
  const writes: Write[] = [
    topic.guard(),
    { kind: 'set', path, data, version: state.version },
    ...subscriptionSetChange(topic),
    ...unmoved,
    ...createVersioned(cursorPath(topic.id, name, generation)),
    ...endOfCursor(topic, name, record),
    { kind: 'create', path: trashedCursorPath(topic.id, oldCursor), data: Buffer.alloc(0) },
  ];
  const versionBefore = state.version;
  // Another gateway's restart may have made the same generation, with another start: so compare all of the record.
  const didApply = async () => {
    const node = await runtime.store.read(path);
    return node !== undefined && node.stat.version === versionAfter(versionBefore) && node.data.equals(data);
  };
  return (await commitAndLearn(runtime, writes, didApply, signal)).outcome === 'applied';
}

/**
 * Fails the commit when anything at or after the start may have been delivered since the cursor was read. The new
 * generation begins at the start, so a message that was acked meanwhile would come back.
 *
 *     restart   page read   end found                        commit: starts at 5
 *     others                           publish 5, claim 5, ack 5
 *
 * @returns undefined when something there has been delivered already
 */
function guardsOfEnd(state: CursorState, start: readonly LogPosition[]): Write[] | undefined {
  const { topic } = state;
  const guards: Write[] = [];
  for (const log of topic.logs) {
    const position = start[log.level] ?? LOG_START;
    if (log.last < 0) {
      guards.push(...absent(levelPath(topic.id, log.level)));
      continue;
    }
    const page = state.page(log.level, position.segment);
    if (page === 'finished' || (page !== undefined && page.frontier > position.offset)) return undefined;
    const version = state.pageVersion(log.level, position.segment);
    const path = state.pagePath(log.level, position.segment);
    // While the segment is open, no segment follows it.
    guards.push({ kind: 'check', path: log.path(position.segment), version: OPEN_VERSION });
    guards.push(...(version === ABSENT ? absent(path) : [{ kind: 'check', path, version } as const]));
  }
  return guards;
}

/** Fails the commit when there is such a node. */
function absent(path: string): Write[] {
  return [
    { kind: 'create', path, data: Buffer.alloc(0) },
    { kind: 'delete', path, version: ANY_VERSION },
  ];
}

/** The writes after which nothing can be written to a subscription's cursor; they fail if it is not the present one. */
export function endOfCursor(topic: Topic, name: string, { generation }: SubscriptionRecord): Write[] {
  if (topic.hasOneSubscription) return [];
  const path = cursorPath(topic.id, name, generation);
  return [{ kind: 'set', path, data: Buffer.alloc(0), version: LIVE_CURSOR_VERSION }];
}
