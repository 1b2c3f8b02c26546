/**
 * The recipe that is in every textbook: a sequential node for each message, an ephemeral lock for each that is being
 * worked on, and a listing of all of them to find the next. ZOOKEEPER is the server's address.
 */
import { isZooKeeperError, RawZooKeeper } from '../zookeeper/raw-zookeeper.ts';
import { type QueueStore, type StoredMessage, serveQueues } from './queue-api.ts';

const nothing = Buffer.alloc(0);

class NaiveStore implements QueueStore {
  readonly #zooKeeper: RawZooKeeper;

  constructor(zooKeeper: RawZooKeeper) {
    this.#zooKeeper = zooKeeper;
  }

  async create(queue: string): Promise<void> {
    await this.#zooKeeper.create(`/${queue}`, nothing);
    await this.#zooKeeper.create(`/${queue}/messages`, nothing);
    await this.#zooKeeper.create(`/${queue}/locks`, nothing);
  }

  publish(queue: string, bodies: readonly string[]): Promise<readonly string[]> {
    const path = `/${queue}/messages/message-`;
    return Promise.all(bodies.map((body) => this.#zooKeeper.create(path, Buffer.from(body), 'sequential')));
  }

  async receive(queue: string, max: number, waitMs: number): Promise<readonly StoredMessage[]> {
    const endMs = performance.now() + waitMs;
    for (;;) {
      const changed = new Changed();
      const names = await this.#zooKeeper.getChildren(`/${queue}/messages`, changed.notify);
      const taken = await this.#take(queue, names.sort(), max);
      const leftMs = endMs - performance.now();
      if (taken.length > 0 || leftMs <= 0) return taken;
      await changed.within(leftMs);
    }
  }

  async ack(queue: string, receipts: readonly string[]): Promise<readonly boolean[]> {
    return Promise.all(
      receipts.map(async (name) => {
        await this.#zooKeeper.remove(`/${queue}/messages/${name}`, `/${queue}/locks/${name}`);
        return true;
      }),
    );
  }

  async remove(queue: string): Promise<void> {
    await this.#zooKeeper.removeTree(`/${queue}`);
  }

  async #take(queue: string, names: readonly string[], max: number): Promise<StoredMessage[]> {
    const locked = new Set(await this.#zooKeeper.getChildren(`/${queue}/locks`));
    const taken: StoredMessage[] = [];
    for (const name of names) {
      if (taken.length === max) break;
      if (!locked.has(name) && (await this.#lock(`/${queue}/locks/${name}`))) {
        const body = await this.#body(`/${queue}/messages/${name}`, `/${queue}/locks/${name}`);
        if (body !== undefined) taken.push({ id: name, receipt: name, body });
      }
    }
    return taken;
  }

  async #lock(path: string): Promise<boolean> {
    try {
      await this.#zooKeeper.create(path, nothing, 'ephemeral');
      return true;
    } catch (error) {
      if (isZooKeeperError(error, 'NODE_EXISTS')) return false;
      throw error;
    }
  }

  /** Undefined when somebody has acked it since it was listed; the lock is given back then. */
  async #body(path: string, lock: string): Promise<string | undefined> {
    try {
      return (await this.#zooKeeper.getData(path)).toString();
    } catch (error) {
      if (!isZooKeeperError(error, 'NO_NODE')) throw error;
      await this.#zooKeeper.remove(lock);
      return undefined;
    }
  }
}

/** That a watch has come. */
class Changed {
  #hasCome = false;
  #resume: (() => void) | undefined;

  readonly notify = (): void => {
    this.#hasCome = true;
    this.#resume?.();
  };

  within(limitMs: number): Promise<void> {
    if (this.#hasCome) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

await serveQueues(new NaiveStore(await RawZooKeeper.connect(process.env.ZOOKEEPER ?? '')));
