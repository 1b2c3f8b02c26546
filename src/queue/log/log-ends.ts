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
 * first one comes with the level. What is still to come can't be watched itself: see `Watch`.
 *
 * A watch that stands is not set again: who waits sets its watches anew after each message, and this one seldom fires.
 */
export class EndWatches {
  readonly #store: Store;
  readonly #standing = new WeakMap<Watch, StandingWatch>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** @returns whether what is watched for has happened already. Rejects with a StoreError. */
  async set(place: LogEnd, watch: Watch): Promise<boolean> {
    const standing = this.#standing.get(watch) ?? new StandingWatch(watch);
    this.#standing.set(watch, standing);
    if (standing.segment === place.last) return false;
    standing.segment = place.last;
    try {
      const isPast = await this.#read(place, standing.fire);
      // What does not exist is not watched.
      if (isPast === undefined) standing.segment = undefined;
      return isPast === true;
    } catch (error) {
      standing.segment = undefined;
      throw error;
    }
  }

  async #read({ id, level, last }: LogEnd, watch: Watch): Promise<boolean | undefined> {
    if (last < 0) {
      const levels = await this.#store.list(logPath(id), { watch });
      return levels?.children.includes(String(level));
    }
    const segment = await this.#store.read(segmentPath(id, level, last), { watch });
    return segment && segment.stat.version !== OPEN_VERSION;
  }
}

interface LogEnd {
  readonly id: string;
  readonly level: number;
  /** The last segment; below 0 when there is none yet. */
  readonly last: number;
}

class StandingWatch {
  /** Whose end is watched, if any is. */
  segment: number | undefined;
  /** Always the same function, so that it is registered once. */
  readonly fire: Watch;

  constructor(watch: Watch) {
    this.fire = () => {
      this.segment = undefined;
      watch();
    };
  }
}
