/**
 * A topic's retention and seeks go by the time at which messages entered its log, not by that of their publishing: a
 * message that waited for its time is old when it comes.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TopicConfig } from '../../../../src/queue/index.ts';
import { type Engine, EngineCluster, staying, textMessage, until } from '../../../support/engine-fixture.ts';

const topic = { kind: 'topic', name: 'news' } as const;
const clerk = { kind: 'topic', name: 'news', subscription: 'clerk' } as const;
const segmentLimits = { entries: 4, messages: 1000, bytes: 1_000_000 };

let cluster: EngineCluster;
let engine: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  engine = await cluster.start({ segmentLimits });
});
afterEach(() => cluster.close());

async function make(config: Partial<TopicConfig>): Promise<void> {
  const plain = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
  await engine.broker.put(topic, { ...plain, ...config }, {}, staying());
}

async function subscribe(): Promise<void> {
  const ref = { kind: 'subscription', topic: 'news', name: 'clerk' } as const;
  const config = { leaseSeconds: 100_000, ordering: 'none', startFrom: 'earliest' } as const;
  await engine.broker.put(ref, config, {}, staying());
}

/** Each in an entry of its own. */
async function publish(...texts: string[]): Promise<void> {
  for (const text of texts) await engine.broker.publish(topic, [textMessage(text)], staying());
}

const publishLater = (text: string, delaySeconds: number) =>
  engine.broker.publish(topic, [textMessage(text, { delaySeconds })], staying());

/** All that the topic has, after what is due has been moved into its log. */
async function browsed(): Promise<string[]> {
  const { items } = await engine.broker.browse('news', { limit: 100 }, staying());
  return items.map(({ body }) => body.toString());
}

async function receive(max: number, autoAck = false) {
  const request = { max, waitSeconds: 0, autoAck };
  return (await engine.broker.receive(clerk, request, staying())).messages;
}

async function soughtTo(atMs: number): Promise<string[]> {
  await engine.broker.seek(clerk, { kind: 'instant', atMs }, staying());
  return (await receive(100)).map(({ body }) => body.toString());
}

/** The leader's clock, at a moment between two writes. */
function instant(): number {
  cluster.advance(1_000);
  const atMs = cluster.ensemble.nowMs();
  cluster.advance(1_000);
  return atMs;
}

describe('retention', () => {
  it('keeps a segment that a message has ended which waited for longer than that', async () => {
    await make({ retentionSeconds: 3_600 });
    await publishLater('late', 4_000);
    cluster.advance(3_990_000);
    await publish('0', '1', '2');
    cluster.advance(11_000);
    expect(await browsed()).toEqual(['0', '1', '2', 'late']);
    await publish('3', '4', '5', '6', '7', '8', '9', '10');
    expect(await browsed()).toEqual(['0', '1', '2', 'late', '3', '4', '5', '6', '7', '8', '9', '10']);
  });

  it('ends when what entered last is older than that', async () => {
    await make({ retentionSeconds: 3_600 });
    await publish('0', '1', '2', '3', '4', '5', '6', '7');
    cluster.advance(3_000_000);
    await publish('8', '9', '10', '11');
    cluster.advance(700_000);
    await publish('12');
    await until(async () => (await browsed()).length === 5, 'only what is younger is left');
    expect(await browsed()).toEqual(['8', '9', '10', '11', '12']);
  });
});

describe('a seek to an instant', () => {
  it('skips nothing that entered the log since, though it was published before', async () => {
    await make({ retentionSeconds: 100_000 });
    await subscribe();
    await publishLater('late', 60);
    await publishLater('later', 61);
    cluster.advance(50_000);
    await publish('0', '1');
    const between = instant();
    await publish('2', '3');
    cluster.advance(20_000);
    expect(await browsed()).toEqual(['0', '1', '2', '3', 'late', 'later']);
    await publish('4', '5', '6', '7', '8');
    expect(await soughtTo(between)).toEqual(['2', '3', 'late', 'later', '4', '5', '6', '7', '8']);
  });

  it('lands where it is to, beyond a hole in the log', async () => {
    await make({});
    await subscribe();
    for (let segment = 0; segment < 6; segment += 1)
      await publish(...[0, 1, 2, 3].map((entry) => `${4 * segment + entry}`));
    const between = instant();
    await publish('24', '25', '26');
    const receipts = (await receive(100)).map(({ receipt }) => receipt);
    // The first stays, and the hole is where the bisection looks.
    await engine.broker.settle(clerk, { kind: 'ack' }, receipts.slice(4, 20), staying());
    await until(async () => (await browsed()).length === 11, 'the middle is gone');
    expect(await soughtTo(between)).toEqual(['24', '25', '26']);
    const inHole = cluster.ensemble.paths.filter((path) => /\/log\/0\/\d{10}$/.test(path));
    expect(inHole).toHaveLength(7);
  });

  it('into a hole lands behind it', async () => {
    await make({});
    await subscribe();
    await publish('0', '1', '2', '3', '4', '5');
    const between = instant();
    await publish('6', '7', '8', '9');
    const receipts = (await receive(100)).map(({ receipt }) => receipt);
    await engine.broker.settle(clerk, { kind: 'ack' }, receipts.slice(4, 8), staying());
    await until(async () => (await browsed()).length === 6, 'the middle is gone');
    expect(await soughtTo(between)).toEqual(['8', '9']);
  });
});
