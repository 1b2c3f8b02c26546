/** Where a level's log begins and ends: known from the stat of its segments' parent, whatever the number of segments. */
import { countedCreations, denseBounds } from '../model/segment.ts';
import type { Store } from '../zookeeper/store.ts';

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
