/** Streams beside a log that rolls and is trimmed: contiguous, or with a gap where messages are missing. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker, StreamEvent, TopicConfig } from '../../../../src/queue/index.ts';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import { type Engine, EngineCluster, staying, textMessage, until } from '../../../support/engine-fixture.ts';

const topic = { kind: 'topic', name: 'news' } as const;
const clerk = { kind: 'topic', name: 'news', subscription: 'clerk' } as const;
const segmentLimits = { entries: 4, messages: 1000, bytes: 1_000_000 };

let cluster: EngineCluster;
let writer: Engine;
let reader: Engine;
/** Runs before the reader's gateway reads the first entry from now on. */
let beforeEntry: (() => Promise<void>) | undefined;

function interrupted(store: Store): Store {
  const read: Store['read'] = async (path, options) => {
    const act = /\/log\/0\/\d{10}\//.test(path) ? beforeEntry : undefined;
    if (act !== undefined) {
      beforeEntry = undefined;
      await act();
    }
    return store.read(path, options);
  };
  return new Proxy(store, {
    get: (target, name) => {
      const value = name === 'read' ? read : Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

beforeEach(async () => {
  cluster = new EngineCluster();
  writer = await cluster.start({ segmentLimits });
  reader = await cluster.start({ segmentLimits, wrap: interrupted });
});
afterEach(async () => {
  beforeEntry = undefined;
  await cluster.close();
});

const make = (config: Partial<TopicConfig>) =>
  writer.broker.put(
    topic,
    { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300, ...config },
    {},
    staying(),
  );
const subscribe = () =>
  writer.broker.put(
    { kind: 'subscription', topic: 'news', name: 'clerk' },
    { leaseSeconds: 300, ordering: 'none', startFrom: 'earliest' },
    {},
    staying(),
  );

/** Publishes numbers up to one, each in an entry of its own. */
async function publishTo(end: number, from: number): Promise<void> {
  for (let number = from; number < end; number += 1)
    await writer.broker.publish(topic, [textMessage(`${number}`)], staying());
}

/** The numbers of messages that a stream brings up to one, with 'gap' where it tells so. */
async function seen(
  stream: AsyncIterable<readonly StreamEvent[]>,
  last: number,
): Promise<(number | 'gap')[]> {
  const all: (number | 'gap')[] = [];
  for await (const events of stream) {
    for (const event of events)
      all.push(event.kind === 'gap' ? 'gap' : Number(event.message.body.toString()));
    if (all.includes(last)) break;
  }
  return all;
}

const numbers = (from: number, end: number) => Array.from({ length: end - from }, (_, index) => from + index);

/** The id of the event of message 0, 1, 2, …, up to a number, as a stream brings them. */
async function idsTo(broker: Broker, end: number): Promise<string[]> {
  const stream = await broker.stream('news', undefined, staying());
  await publishTo(end, 0);
  const ids: string[] = [];
  for await (const events of stream) {
    for (const event of events) if (event.kind === 'message') ids.push(event.eventId);
    if (ids.length >= end) break;
  }
  return ids;
}

const headers = () => cluster.ensemble.paths.filter((path) => /\/log\/0\/\d{10}$/.test(path));
const entriesOf = (segment: number) =>
  cluster.ensemble.paths.filter((path) => path.includes(`/log/0/${String(segment).padStart(10, '0')}/`));

describe('a stream', () => {
  it('brings what came into an open segment after it was listed, though the log has rolled since', async () => {
    await make({ retentionSeconds: 3_600 });
    const stream = await reader.broker.stream('news', undefined, staying());
    await publishTo(3, 0);
    beforeEntry = async () => {
      await publishTo(12, 3);
      // Somebody else at the gateway has it look at the log's end.
      await reader.broker.stream('news', undefined, staying());
    };
    expect(await seen(stream, 11)).toEqual(numbers(0, 12));
  });

  it('tells of a gap when messages are trimmed under it', async () => {
    await make({});
    const stream = await reader.broker.stream('news', undefined, staying());
    await publishTo(3, 0);
    beforeEntry = async () => {
      await publishTo(21, 3);
      await until(() => headers().length === 1, 'all but the open segment are gone');
    };
    expect(await seen(stream, 20)).toEqual(['gap', 20]);
  });

  it('misses nothing while it is near, at whichever gateway, though nobody subscribes', async () => {
    await make({});
    const stream = await reader.broker.stream('news', undefined, staying());
    const reading = seen(stream, 79);
    await publishTo(80, 0);
    expect(await reading).toEqual(numbers(0, 80));
    await until(() => headers().length === 1, 'all but the open segment are gone');
  });
});

describe('a stream that resumes', () => {
  it('tells of a gap where it comes to a hole in the middle of the log', async () => {
    await make({});
    await subscribe();
    const ids = await idsTo(writer.broker, 18);
    const { messages } = await writer.broker.receive(
      clerk,
      { max: 18, waitSeconds: 0, autoAck: false },
      staying(),
    );
    const middle = messages.slice(4, 12).map(({ receipt }) => receipt);
    await writer.broker.settle(clerk, { kind: 'ack' }, middle, staying());
    await until(() => entriesOf(1).length + entriesOf(2).length === 0, 'the middle is gone');
    expect(headers()).toHaveLength(5);
    const resumed = await reader.broker.stream('news', ids[1], staying());
    expect(await seen(resumed, 17)).toEqual([2, 3, 'gap', ...numbers(12, 18)]);
    const beforeHole = await reader.broker.stream('news', ids[3], staying());
    expect(await seen(beforeHole, 17)).toEqual(['gap', ...numbers(12, 18)]);
    const behindHole = await reader.broker.stream('news', ids[11], staying());
    expect(await seen(behindHole, 17)).toEqual(numbers(12, 18));
  });

  it('tells of no gap for an id that lacks the number of messages before it, while nothing is missing', async () => {
    await make({});
    await subscribe();
    const ids = await idsTo(writer.broker, 10);
    const { messages } = await writer.broker.receive(
      clerk,
      { max: 4, waitSeconds: 0, autoAck: true },
      staying(),
    );
    expect(messages).toHaveLength(4);
    await until(() => headers().length === 2, 'the first segment is gone');
    const text = Buffer.from(ids[5] ?? '', 'base64url').toString();
    expect(text).toMatch(/\/1\.2\.4$/);
    const without = Buffer.from(text.replace(/4$/, '0')).toString('base64url');
    expect(await seen(await reader.broker.stream('news', without, staying()), 9)).toEqual(numbers(6, 10));
  });

  it('gives ids with that number, though the segment of the message is no longer known', async () => {
    await make({ retentionSeconds: 3_600 });
    const stream = await reader.broker.stream('news', undefined, staying());
    await publishTo(6, 0);
    beforeEntry = async () => {
      await publishTo(10, 6);
      await reader.broker.stream('news', undefined, staying());
    };
    const ids: string[] = [];
    for await (const events of stream) {
      for (const event of events) if (event.kind === 'message') ids.push(event.eventId);
      if (ids.length >= 10) break;
    }
    const places = ids.map((id) => Buffer.from(id, 'base64url').toString().split('/')[1]);
    expect(places).toEqual(numbers(0, 10).map((n) => `${Math.floor(n / 4)}.${(n % 4) + 1}.${n - (n % 4)}`));
  });
});
