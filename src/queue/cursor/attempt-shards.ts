/** The attempts of a subscription as loaded, by shard, and how changed shards are written. */
import { type AttemptRecord, decodeAttempts, encodeAttempts } from '../model/attempts.ts';
import { attemptsPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, type Store, type Write } from '../zookeeper/store.ts';

interface Shard {
  readonly records: readonly AttemptRecord[];
  /** 0 when the node does not exist yet. */
  readonly version: number;
}

export class AttemptShards {
  readonly #store: Store;
  readonly #path: (shard: number) => string;
  /** By path: another generation has others. */
  readonly #shards = new Map<string, Shard>();

  /** @param cursorPath of the current generation, at the time of the call */
  constructor(store: Store, cursorPath: () => string) {
    this.#store = store;
    this.#path = (shard) => attemptsPath(cursorPath(), shard);
  }

  /** The shard's records, or undefined when it has yet to be loaded. */
  records(shard: number): readonly AttemptRecord[] | undefined {
    return this.#shards.get(this.#path(shard))?.records;
  }

  async load(shards: Iterable<number>): Promise<void> {
    await Promise.all(
      [...shards].map(async (shard) => {
        const path = this.#path(shard);
        const node = await this.#store.read(path);
        const records = node === undefined ? [] : decodeAttempts(node.data, node.stat.mzxid);
        this.#shards.set(path, { records, version: node?.stat.version ?? 0 });
      }),
    );
  }

  /** Forgets what others may have changed. Always after writing: the transaction of the new records is not known. */
  forget(): void {
    this.#shards.clear();
  }

  writes(shard: number, records: readonly AttemptRecord[]): Write[] {
    const path = this.#path(shard);
    const data = encodeAttempts(records);
    const version = this.#shards.get(path)?.version ?? 0;
    if (version !== 0) return [{ kind: 'set', path, data, version }];
    return [
      { kind: 'create', path, data: Buffer.alloc(0) },
      { kind: 'set', path, data, version: ANY_VERSION },
    ];
  }
}
