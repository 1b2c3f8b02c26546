/** The attempts of a subscription as this gateway has read them, by shard, and the writes that change a shard. */
import { type AttemptRecord, decodeAttempts, encodeAttempts } from '../model/attempts.ts';
import { attemptsPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, type Store, type Write } from '../zookeeper/store.ts';

interface AttemptShard {
  readonly records: readonly AttemptRecord[];
  /** 0 when the node does not exist yet. */
  readonly version: number;
}

/**
 * By path, for each generation has others. To be cleared before a look that is to be certain, and after each write: the
 * records that were written do not tell their transaction.
 */
export type AttemptShards = Map<string, AttemptShard>;

/** Rejects with a StoreError. */
export async function loadAttempts(
  store: Store,
  known: AttemptShards,
  cursor: string,
  shards: Iterable<number>,
): Promise<void> {
  await Promise.all(
    [...shards].map(async (shard) => {
      const path = attemptsPath(cursor, shard);
      const node = await store.read(path);
      const records = node === undefined ? [] : decodeAttempts(node.data, node.stat.mzxid);
      known.set(path, { records, version: node?.stat.version ?? 0 });
    }),
  );
}

/** The writes that put these records into a shard, if nobody else has changed it since it was read. */
export function attemptWrites(
  known: AttemptShards,
  cursor: string,
  shard: number,
  records: readonly AttemptRecord[],
): Write[] {
  const path = attemptsPath(cursor, shard);
  const data = encodeAttempts(records);
  const version = known.get(path)?.version ?? 0;
  if (version !== 0) return [{ kind: 'set', path, data, version }];
  return [
    { kind: 'create', path, data: Buffer.alloc(0) },
    { kind: 'set', path, data, version: ANY_VERSION },
  ];
}
