/** The few calls of ZooKeeper that the measurements need, as promises. */
import zookeeper, { type Client, type Event } from 'node-zookeeper-client';

export class RawZooKeeper {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static connect(address: string): Promise<RawZooKeeper> {
    const client = zookeeper.createClient(address, { sessionTimeout: 30_000, spinDelay: 100, retries: 0 });
    return new Promise((resolve) => {
      client.once('connected', () => resolve(new RawZooKeeper(client)));
      client.connect();
    });
  }

  close(): void {
    this.#client.close();
  }

  /** Returns the path, which has a number at its end when it is sequential. */
  create(path: string, data: Buffer, mode: 'plain' | 'sequential' | 'ephemeral' = 'plain'): Promise<string> {
    const modes = {
      plain: zookeeper.CreateMode.PERSISTENT,
      sequential: zookeeper.CreateMode.PERSISTENT_SEQUENTIAL,
      ephemeral: zookeeper.CreateMode.EPHEMERAL,
    };
    return new Promise((resolve, reject) => {
      this.#client.create(path, data, modes[mode], (error, created) =>
        error ? reject(error) : resolve(created),
      );
    });
  }

  setData(path: string, data: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#client.setData(path, data, -1, (error) => (error ? reject(error) : resolve()));
    });
  }

  getData(path: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.getData(path, (error, data) => (error ? reject(error) : resolve(data)));
    });
  }

  getChildren(path: string, onChange?: (event: Event) => void): Promise<string[]> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | zookeeper.Exception | null, children: string[]) =>
        error ? reject(error) : resolve(children);
      if (onChange === undefined) this.#client.getChildren(path, done);
      else this.#client.getChildren(path, onChange, done);
    });
  }

  remove(...paths: readonly string[]): Promise<void> {
    const transaction = this.#client.transaction();
    for (const path of paths) transaction.remove(path, -1);
    return new Promise((resolve, reject) => {
      transaction.commit((error) => (error ? reject(error) : resolve()));
    });
  }

  /** With everything below it, in parts that are not too large. */
  async removeTree(path: string): Promise<void> {
    const children = await this.getChildren(path);
    for (let from = 0; from < children.length; from += 500) {
      const part = children.slice(from, from + 500).map((name) => `${path}/${name}`);
      await this.remove(...part).catch(() => Promise.all(part.map((each) => this.removeTree(each))));
    }
    await this.remove(path);
  }
}

/** Whether ZooKeeper said so. */
export function isZooKeeperError(error: unknown, name: 'NODE_EXISTS' | 'NO_NODE'): boolean {
  return error instanceof Error && (error as { name?: string }).name === name;
}
