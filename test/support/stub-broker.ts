/**
 * The smallest broker that the HTTP tests can do with: one process, no durability, no waiting but for `drain`.
 */
import {
  type Broker,
  BrokerError,
  type NewMessage,
  type Outcome,
  type PeekedMessage,
  type Precondition,
  type QueueConfig,
  type ReceivedMessage,
  type Resource,
  type SubscriptionRef,
} from '../../src/queue/index.ts';

interface Entry {
  readonly id: string;
  readonly message: NewMessage;
  readonly publishedAtMs: number;
  deliveries: number;
  receipt?: string;
  leaseExpiresAtMs: number;
  acked: boolean;
}

interface StubQueue {
  config: QueueConfig;
  revision: number;
  createdAtMs: number;
  updatedAtMs: number;
  entries: Entry[];
  receipts: Map<string, Entry>;
}

export interface StubBroker extends Broker {
  readonly released: string[][];
}

export function createStubBroker(): StubBroker {
  const queues = new Map<string, StubQueue>();
  const waiters = new Set<() => void>();
  const released: string[][] = [];
  let counter = 0;
  let ready = true;

  const find = (name: string): StubQueue => {
    const queue = queues.get(name);
    if (queue === undefined) {
      throw new BrokerError('not-found', `There is no queue ${name}.`);
    }
    return queue;
  };
  const check = (queue: StubQueue | undefined, { ifMatch, ifAbsent }: Precondition): void => {
    const fits = ifMatch === '*' ? queue !== undefined : ifMatch?.includes(String(queue?.revision ?? 'none'));
    if ((ifMatch !== undefined && fits !== true) || (ifAbsent === true && queue !== undefined)) {
      throw new BrokerError('precondition-failed', 'The precondition does not hold.');
    }
  };
  const isLeased = (entry: Entry): boolean =>
    entry.receipt !== undefined && entry.leaseExpiresAtMs > Date.now();
  const live = (queue: StubQueue): Entry[] => queue.entries.filter((entry) => !entry.acked);
  const resource = (name: string, queue: StubQueue): Resource<QueueConfig> => {
    const entries = live(queue);
    const leased = entries.filter(isLeased).length;
    return {
      name,
      config: queue.config,
      stats: {
        messages: entries.length,
        ready: entries.length - leased,
        leased,
        delayed: 0,
        bytes: entries.reduce((sum, { message }) => sum + message.body.length, 0),
        oldestMessageAgeSeconds:
          entries[0] === undefined ? null : (Date.now() - entries[0].publishedAtMs) / 1000,
      },
      createdAtMs: queue.createdAtMs,
      updatedAtMs: queue.updatedAtMs,
      etag: String(queue.revision),
    };
  };
  const stored = ({ id, message, publishedAtMs }: Entry) => ({ ...message, id, publishedAtMs });
  const settleOne = (source: SubscriptionRef, receipt: string, ack: boolean): Outcome => {
    const entry = find(source.name).receipts.get(receipt);
    if (entry === undefined) {
      return { receipt, outcome: 'invalid' };
    }
    const isCurrent = entry.receipt === receipt && !entry.acked;
    const outcome = isCurrent || (ack && entry.acked) ? 'ok' : 'lost';
    if (outcome === 'ok' && ack) {
      entry.acked = true;
    } else if (outcome === 'ok') {
      delete entry.receipt;
    }
    return { receipt, outcome };
  };
  const take = (queue: StubQueue, max: number, leaseSeconds: number, autoAck: boolean): ReceivedMessage[] =>
    live(queue)
      .filter((entry) => !isLeased(entry))
      .slice(0, max)
      .map((entry) => {
        counter += 1;
        const receipt = `receipt-${counter}`;
        entry.receipt = receipt;
        entry.acked = autoAck;
        entry.deliveries += 1;
        entry.leaseExpiresAtMs = Date.now() + leaseSeconds * 1000;
        queue.receipts.set(receipt, entry);
        return {
          ...stored(entry),
          receipt,
          deliveries: entry.deliveries,
          leaseExpiresAtMs: entry.leaseExpiresAtMs,
          fencingToken: String(counter),
        };
      });
  const wake = (): void => {
    for (const waiter of waiters) {
      waiter();
    }
  };

  return {
    released,
    get ready() {
      return ready;
    },
    async putQueue(name, config, precondition) {
      const existing = queues.get(name);
      check(existing, precondition);
      const now = Date.now();
      const queue = existing ?? {
        config,
        revision: 0,
        createdAtMs: now,
        updatedAtMs: now,
        entries: [],
        receipts: new Map(),
      };
      Object.assign(queue, { config, revision: queue.revision + 1, updatedAtMs: now });
      queues.set(name, queue);
      return { created: existing === undefined, queue: resource(name, queue) };
    },
    async updateQueue(name, change, precondition) {
      const queue = find(name);
      check(queue, precondition);
      queue.config = change(queue.config);
      queue.revision += 1;
      return resource(name, queue);
    },
    getQueue: async (name) => resource(name, find(name)),
    async listQueues({ prefix = '', limit, cursor }) {
      if (cursor !== undefined && !queues.has(cursor)) {
        throw new BrokerError('validation', 'The cursor is none of ours.', {
          errors: [{ path: 'cursor', message: 'must be the nextCursor of an earlier page' }],
        });
      }
      const names = [...queues.keys()]
        .filter((name) => name.startsWith(prefix) && name > (cursor ?? ''))
        .sort();
      const page = names.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map((name) => resource(name, find(name))),
        ...(names.length > limit && last !== undefined ? { nextCursor: last } : {}),
      };
    },
    async deleteQueue(name, precondition) {
      check(find(name), precondition);
      queues.delete(name);
    },
    async publish({ name }, messages) {
      const queue = find(name);
      const ids = messages.map((message) => {
        counter += 1;
        const publishedAtMs = Date.now();
        const id = `m${counter}`;
        queue.entries.push({ id, message, publishedAtMs, deliveries: 0, leaseExpiresAtMs: 0, acked: false });
        return { id };
      });
      wake();
      return ids;
    },
    async receive(source, { max, waitSeconds, leaseSeconds, autoAck, ack }, { signal }) {
      const queue = find(source.name);
      const acked = ack?.map((receipt) => settleOne(source, receipt, true));
      const attempt = () => take(queue, max, leaseSeconds ?? queue.config.leaseSeconds, autoAck);
      let messages = attempt();
      const deadlineMs = Date.now() + waitSeconds * 1000;
      while (messages.length === 0 && Date.now() < deadlineMs && !signal.aborted && ready) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, deadlineMs - Date.now());
          waiters.add(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
          void timer;
        });
        messages = signal.aborted ? [] : attempt();
      }
      return { messages, ...(acked === undefined ? {} : { acked }) };
    },
    async release(source, receipts) {
      released.push([...receipts]);
      for (const receipt of receipts) {
        settleOne(source, receipt, false);
      }
    },
    settle: async (source, action, receipts) =>
      receipts.map((receipt) => settleOne(source, receipt, action.kind === 'ack')),
    async peek(source, { limit, state }) {
      const items = live(find(source.name)).map(
        (entry): PeekedMessage => ({
          ...stored(entry),
          state: isLeased(entry) ? 'leased' : 'ready',
          deliveries: entry.deliveries,
        }),
      );
      return { items: items.filter((item) => state === undefined || item.state === state).slice(0, limit) };
    },
    async purge(source) {
      find(source.name).entries = [];
    },
    drain() {
      ready = false;
      wake();
    },
    close: async () => undefined,
  };
}
