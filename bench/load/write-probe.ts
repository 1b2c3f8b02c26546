/** Times one small ZooKeeper write after the other, a few a second, beside the load of others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { RawZooKeeper } from '../zookeeper/raw-zookeeper.ts';
import type { Meter } from './meter.ts';

const pauseMs = 100;
const bytes = Buffer.alloc(256, 'x');

export class WriteProbe {
  #stopping = false;
  #work: Promise<void> | undefined;

  start(address: string, path: string, meter: Meter): void {
    this.#work = this.#run(address, path, meter);
    this.#work.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#work;
  }

  async #run(address: string, path: string, meter: Meter): Promise<void> {
    const zooKeeper = await RawZooKeeper.connect(address);
    await zooKeeper.create(path, bytes);
    while (!this.#stopping) {
      const startMs = performance.now();
      await zooKeeper.setData(path, bytes);
      meter.took('zooKeeperWrite', startMs);
      await sleep(pauseMs);
    }
    await zooKeeper.remove(path);
    zooKeeper.close();
  }
}
