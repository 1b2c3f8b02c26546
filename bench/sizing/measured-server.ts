/** A ZooKeeper server of its own for one measurement, as `npm start` embeds it, and what can be seen of it. */
import { join } from 'node:path';
import { startEmbeddedZooKeeper } from '../../scripts/embedded-zookeeper.mjs';
import { findProcesses } from '../../scripts/processes.mjs';
import { findZooKeeper } from '../../scripts/zookeeper-installation.mjs';
import { RawZooKeeper } from '../zookeeper/raw-zookeeper.ts';
import { logBytes, snapshotBytes } from './disk-use.ts';
import { liveHeapBytes } from './server-heap.ts';

/** A server keeps its last 500 transactions in memory, whatever they hold: small ones take their place. */
const transactionsKept = 500;
const otherPath = '/sizing';
const countPath = '/zookeeper/quota/zoogate/zookeeper_stats';

export interface ServerReading {
  /** Live objects in its heap. */
  readonly heapBytes: number;
  readonly logBytes: number;
  readonly nodes: number;
  readonly dataBytes: number;
}

export class MeasuredServer {
  readonly #directory: string;
  #server: Awaited<ReturnType<typeof startEmbeddedZooKeeper>>;

  private constructor(directory: string, server: Awaited<ReturnType<typeof startEmbeddedZooKeeper>>) {
    this.#directory = directory;
    this.#server = server;
  }

  static async start(directory: string): Promise<MeasuredServer> {
    const server = await startEmbeddedZooKeeper({ installation: findZooKeeper(), directory });
    const zooKeeper = await RawZooKeeper.connect(`127.0.0.1:${server.port}`);
    await zooKeeper.create(otherPath, Buffer.alloc(0));
    zooKeeper.close();
    return new MeasuredServer(directory, server);
  }

  get address(): string {
    return `127.0.0.1:${this.#server.port}`;
  }

  get pid(): number {
    const [pid] = findProcesses([join(this.#directory, 'zoo.cfg')]);
    if (pid === undefined) throw new Error('the ZooKeeper server has ended');
    return pid;
  }

  /** As it is for good, without what the last transactions take beside the tree. */
  async read(): Promise<ServerReading> {
    const bytesOfLog = await logBytes(this.#directory);
    const zooKeeper = await RawZooKeeper.connect(this.address);
    const small = Buffer.alloc(1);
    for (let done = 0; done <= transactionsKept; done += 1) await zooKeeper.setData(otherPath, small);
    const { nodes, dataBytes } = parseCount((await zooKeeper.getData(countPath)).toString());
    zooKeeper.close();
    return { heapBytes: await liveHeapBytes(this.pid), logBytes: bytesOfLog, nodes, dataBytes };
  }

  /** Of a new snapshot: a server writes one as it starts. */
  async snapshotBytes(): Promise<number> {
    const { port } = this.#server;
    await this.#server.stop();
    this.#server = await startEmbeddedZooKeeper({
      installation: findZooKeeper(),
      directory: this.#directory,
      port,
    });
    return snapshotBytes(this.#directory);
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}

/** What ZooKeeper itself counts below the broker's path. Pure. */
export function parseCount(text: string): { nodes: number; dataBytes: number } {
  const [, nodes, dataBytes] = /count=(\d+),bytes=(\d+)/.exec(text) ?? [];
  if (nodes === undefined || dataBytes === undefined) throw new Error(`this is no count: "${text}"`);
  return { nodes: Number(nodes), dataBytes: Number(dataBytes) };
}
