/** The ceiling: the same requests answered from memory. Nothing is durable, and nothing is ever given out again. */
import { type QueueStore, type StoredMessage, serveQueues } from './queue-api.ts';

interface Queue {
  ready: StoredMessage[];
  /** Where the first of `ready` is: a shift of a long array would be slow. */
  head: number;
  readonly leased: Set<string>;
  readonly waiting: Set<() => void>;
}

class MemoryStore implements QueueStore {
  readonly #queues = new Map<string, Queue>();
  #count = 0;

  async create(queue: string): Promise<void> {
    this.#queues.set(queue, { ready: [], head: 0, leased: new Set(), waiting: new Set() });
  }

  async publish(name: string, bodies: readonly string[]): Promise<readonly string[]> {
    const queue = this.#find(name);
    const ids = bodies.map((body) => {
      this.#count += 1;
      const id = `message-${this.#count}`;
      queue.ready.push({ id, body, receipt: id });
      return id;
    });
    for (const wake of [...queue.waiting].slice(0, bodies.length)) wake();
    return ids;
  }

  async receive(name: string, max: number, waitMs: number): Promise<readonly StoredMessage[]> {
    const queue = this.#find(name);
    const endMs = performance.now() + waitMs;
    while (queue.head === queue.ready.length && performance.now() < endMs)
      await woken(queue, endMs - performance.now());
    const taken = queue.ready.slice(queue.head, queue.head + max);
    queue.head += taken.length;
    if (queue.head > 10_000) {
      queue.ready = queue.ready.slice(queue.head);
      queue.head = 0;
    }
    for (const { receipt } of taken) queue.leased.add(receipt);
    return taken;
  }

  async ack(name: string, receipts: readonly string[]): Promise<readonly boolean[]> {
    const { leased } = this.#find(name);
    return receipts.map((receipt) => leased.delete(receipt));
  }

  async remove(name: string): Promise<void> {
    this.#queues.delete(name);
  }

  #find(name: string): Queue {
    const queue = this.#queues.get(name);
    if (queue === undefined) throw new Error(`there is no queue ${name}`);
    return queue;
  }
}

function woken({ waiting }: Queue, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      waiting.delete(done);
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(done, limitMs);
    waiting.add(done);
  });
}

await serveQueues(new MemoryStore());
