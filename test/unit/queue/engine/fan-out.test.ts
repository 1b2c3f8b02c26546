/** A topic's messages are stored once, however many subscriptions they are for. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Engine,
  EngineCluster,
  plainQueue,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { costOf, whenQuiet } from '../../../support/store-costs.ts';

const news = { kind: 'topic', name: 'news' } as const;
const names = Array.from({ length: 100 }, (_, index) => `s${index}`);

let cluster: EngineCluster;
let engine: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  engine = await cluster.start();
  const { delaySeconds, priorities, dedupWindowSeconds, leaseSeconds, ordering } = plainQueue;
  await engine.broker.put(news, { delaySeconds, priorities, dedupWindowSeconds }, {}, staying());
  for (const name of names) {
    const config = { leaseSeconds, ordering, startFrom: 'latest' } as const;
    await engine.broker.put({ kind: 'subscription', topic: 'news', name }, config, {}, staying());
  }
  // What is read once is known from then on.
  await engine.broker.publish(news, [textMessage('before')], staying());
  for (const name of names) expect(await take(name)).toEqual(['before']);
  await whenQuiet(engine);
});
afterEach(() => cluster.close());

/** Receives what a subscription has, and acks it. @returns the bodies */
async function take(subscription: string, { broker }: Engine = engine): Promise<string[]> {
  const request = { max: 10, waitSeconds: 0, autoAck: true };
  const { messages } = await broker.receive({ ...news, subscription }, request, staying());
  return messages.map(({ body }) => body.toString());
}

const pathsHolding = (text: string) =>
  cluster.ensemble.paths.filter((path) => cluster.ensemble.data(path)?.includes(text));

describe('with a hundred subscriptions', () => {
  it('a publish is one write, its bytes are stored once, and each subscription receives it', async () => {
    const body = randomBytes(5_000).toString('hex');
    const published = await costOf(engine, () => engine.broker.publish(news, [textMessage(body)], staying()));
    expect(published.cost).toMatchObject({ reads: 0, writes: 1 });
    expect(published.cost.bytesWritten).toBeLessThan(body.length + 1_000);
    const holding = pathsHolding(body);
    expect(holding).toHaveLength(1);

    for (const name of names) expect(await take(name)).toEqual([body]);
    for (const name of names) expect(await take(name)).toEqual([]);
    // Deliveries have copied it nowhere.
    expect(pathsHolding(body).length).toBeLessThanOrEqual(1);
  });

  it('a gateway that knows nothing delivers what was published once to all of them', async () => {
    const body = randomBytes(5_000).toString('hex');
    await engine.broker.publish(news, [textMessage(body)], staying());
    const fresh = await cluster.start();
    const taken = await costOf(fresh, () => Promise.all(names.map((name) => take(name, fresh))));
    expect(taken.result).toEqual(names.map(() => [body]));
    expect(pathsHolding(body).length).toBeLessThanOrEqual(1);
  });
});
