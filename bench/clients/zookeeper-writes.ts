/**
 * The floor: three ZooKeeper writes for each publish (one node with all of its messages, its data set as a lease
 * would be, and its deletion), and no queue at all. Who gets what is passed on in memory, which costs nothing.
 */
import { type Client, type ClientKind, type Delivery, waitSeconds } from '../client.ts';
import { bodyBytes } from '../load/message-body.ts';
import { RawZooKeeper } from '../zookeeper/raw-zookeeper.ts';

interface Entry {
  readonly path: string;
  readonly data: Buffer;
}

export const zooKeeperWrites: ClientKind = {
  name: 'zookeeper',
  canAckWithReceive: false,
  connect: async ({ addresses, settings }): Promise<Client> => {
    const inTurn = settings?.inTurn === undefined ? <T>(write: () => Promise<T>) => write() : oneAtATime();
    const zooKeeper = await RawZooKeeper.connect(addresses[0] ?? '');
    const handover = new Handover();
    return {
      create: async (queues) => {
        await Promise.all(queues.map((queue) => zooKeeper.create(`/${queue}`, Buffer.alloc(0))));
      },
      producer: async () => ({
        publish: async (queue, bodies) => {
          const data = Buffer.from(bodies.join(''));
          const path = await inTurn(() => zooKeeper.create(`/${queue}/entry-`, data, 'sequential'));
          handover.put({ path, data });
        },
        close: async () => {},
      }),
      consumer: async () => ({
        receive: async () => {
          const entry = await handover.take();
          if (entry === undefined) return [];
          await inTurn(() => zooKeeper.setData(entry.path, entry.data));
          return deliveries(entry);
        },
        ack: async (_queue, [first]) => inTurn(() => zooKeeper.remove(String(first?.receipt))),
        close: async () => {},
      }),
      remove: async (queues) => {
        await Promise.all(queues.map((queue) => zooKeeper.removeTree(`/${queue}`)));
      },
      close: async () => zooKeeper.close(),
    };
  },
};

/** Begins each when the one before has ended. */
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(write: () => Promise<T>): Promise<T> => {
    const result = last.then(write);
    last = result.catch(() => {});
    return result;
  };
}

function deliveries({ path, data }: Entry): Delivery[] {
  const all = data.toString();
  return Array.from({ length: all.length / bodyBytes }, (_, index) => ({
    body: all.slice(index * bodyBytes, (index + 1) * bodyBytes),
    receipt: path,
  }));
}

class Handover {
  readonly #entries: Entry[] = [];
  readonly #takers: ((entry: Entry | undefined) => void)[] = [];

  put(entry: Entry): void {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#entries.push(entry);
    else taker(entry);
  }

  /** Undefined when nothing came in time. */
  take(): Promise<Entry | undefined> | Entry {
    const entry = this.#entries.shift();
    if (entry !== undefined) return entry;
    return new Promise((resolve) => {
      const taker = (taken: Entry | undefined) => {
        clearTimeout(timer);
        resolve(taken);
      };
      const timer = setTimeout(() => {
        this.#takers.splice(this.#takers.indexOf(taker), 1);
        resolve(undefined);
      }, waitSeconds * 1000);
      this.#takers.push(taker);
    });
  }
}
