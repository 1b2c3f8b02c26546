/** Where a level's log begins and ends: known from the stat of its segments' parent, whatever the number of segments. */
import { countedCreations, denseBounds, OPEN_VERSION } from '../model/segment.ts';
import { logPath, segmentPath } from '../zookeeper/paths.ts';
import type { Store, Watch } from '../zookeeper/store.ts';

/** Numbers of the first and last segment; undefined when there is no such level. Rejects with a StoreError. */
export async function endsOfLog(
  store: Store,
  level: string,
): Promise<{ first: number; last: number } | undefined> {
  const stat = await store.stat(level);
  if (stat === undefined) return undefined;
  if (countedCreations(stat) !== undefined) return denseBounds(stat);
  // The server has stopped counting: after 2,147,483,647 segments their names are asked, which costs with the backlog.
  const listing = await store.list(level);
  const numbers = (listing?.children ?? []).map(Number).sort((a, b) => a - b);
  return { first: numbers[0] ?? 0, last: numbers.at(-1) ?? -1 };
}

/**
 * Has it told when the log goes on in another segment: the last one is sealed before, and while a level has none, a
 * first one comes with the level. What is still to come can't be watched itself: see `Watch`. Rejects with a StoreError.
 *
 * @returns whether that has happened already
 */
export async function watchEnd(
  store: Store,
  { id, level, last }: { readonly id: string; readonly level: number; readonly last: number },
  watch: Watch,
): Promise<boolean> {
  if (last < 0) {
    const levels = await store.list(logPath(id), { watch });
    return levels?.children.includes(String(level)) === true;
  }
  const segment = await store.read(segmentPath(id, level, last), { watch });
  return segment !== undefined && segment.stat.version !== OPEN_VERSION;
}
