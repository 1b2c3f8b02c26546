/** Redriving: a message that is moved is at its target afterwards, whatever it has been through before. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Broker, SubscriptionConfig, TopicConfig } from '../../../../src/queue/index.ts';
import { createEntryCodec, type EntryMessage } from '../../../../src/queue/model/entry.ts';
import { segmentPath } from '../../../../src/queue/zookeeper/paths.ts';
import {
  type Engine,
  EngineCluster,
  plainQueue,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';

const TOPIC: TopicConfig = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
const READER: SubscriptionConfig = {
  leaseSeconds: 30,
  ordering: 'none',
  deadLetterQueue: 'dead',
  startFrom: 'earliest',
};
const news = { kind: 'topic', name: 'news' } as const;
const reader = { kind: 'topic', name: 'news', subscription: 'reader' } as const;
const dead = { kind: 'queue', name: 'dead' } as const;

let cluster: EngineCluster;
let engine: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  engine = await cluster.start();
  const { broker } = engine;
  await broker.put(dead, plainQueue, {}, staying());
  await broker.put(news, TOPIC, {}, staying());
  await broker.put({ kind: 'subscription', topic: 'news', name: 'reader' }, READER, {}, staying());
});
afterEach(() => cluster.close());

async function received(broker: Broker, source: typeof reader | typeof dead) {
  return (await broker.receive(source, { max: 100, waitSeconds: 0, autoAck: false }, staying())).messages;
}

/** A message that has waited for its time is given to the reader, who rejects it. */
async function delayedAndRejected(text: string): Promise<void> {
  const { broker } = engine;
  await broker.publish(news, [textMessage(text, { delaySeconds: 60 })], staying());
  cluster.advance(61_000);
  const [message] = await received(broker, reader);
  expect(message?.body.toString()).toBe(text);
  await broker.settle(reader, { kind: 'reject' }, [message?.receipt ?? ''], staying());
}

describe('a message that has waited for its time, and died', () => {
  it('is given to its subscription again, although that was purged since', async () => {
    const { broker } = engine;
    await delayedAndRejected('late');
    await broker.purge(reader, staying());
    expect(await broker.redrive('dead', {}, staying())).toBe(1);
    expect((await received(broker, reader)).map(({ body }) => `${body}`)).toEqual(['late']);
  });

  it('is given to the readers of another topic, whatever was purged there', async () => {
    const { broker } = engine;
    const other = { kind: 'topic', name: 'other' } as const;
    const theirs = { kind: 'topic', name: 'other', subscription: 'reader' } as const;
    await broker.put(other, TOPIC, {}, staying());
    await broker.put({ kind: 'subscription', topic: 'other', name: 'reader' }, READER, {}, staying());
    // As many changes of that schedule as of the other, and more.
    for (const text of ['a', 'b'])
      await broker.publish(other, [textMessage(text, { delaySeconds: 60 })], staying());
    await broker.purge(theirs, staying());
    await delayedAndRejected('late');
    expect(await broker.redrive('dead', { to: 'other' }, staying())).toBe(1);
    const { messages } = await broker.receive(theirs, { max: 9, waitSeconds: 0, autoAck: true }, staying());
    expect(messages.map(({ body }) => `${body}`)).toEqual(['late']);
  });
});

describe('what the version before has stored with the mark of a schedule', () => {
  const codec = createEntryCodec();
  const stored: Pick<EntryMessage, 'bodyKind' | 'contentType' | 'attributes' | 'priority'> = {
    bodyKind: 'text',
    contentType: 'text/plain',
    attributes: {},
    priority: 0,
  };
  const moved = { id: 'there-0', publishedAtMs: 1, scheduledBy: 1 };

  async function store(name: string, body: string, more: object): Promise<void> {
    const ids = (await engine.store.list('/data'))?.children ?? [];
    for (const id of ids) {
      const record = JSON.parse(`${(await engine.store.read(`/data/${id}`))?.data}`) as { name: string };
      if (record.name !== name) continue;
      const data = codec.encode([{ ...stored, body: Buffer.from(body), moved: { ...moved, ...more } }], 1);
      const path = `${segmentPath(id, 0, 0)}/1.${body.length}.before-`;
      await engine.store.commit([{ kind: 'create', path, data, sequential: true }]);
    }
  }

  it('is seen by the subscription that it was redriven to', async () => {
    const { broker } = engine;
    await broker.publish(news, [textMessage('waits', { delaySeconds: 60 })], staying());
    await broker.publish(news, [textMessage('first')], staying());
    await broker.purge(reader, staying());
    await store('news', 'redriven', { onlyFor: 'reader' });
    cluster.advance(61_000);
    // What waited at the time of the purge was purged.
    expect((await received(broker, reader)).map(({ body }) => `${body}`)).toEqual(['redriven']);
  });

  it('goes back from the dead letters without it', async () => {
    const { broker } = engine;
    await broker.publish(dead, [textMessage('another')], staying());
    const deadLetter = { source: reader, reason: 'rejected', deliveries: 1, atMs: 1 };
    await store('dead', 'died', { deadLetter });
    await broker.publish(news, [textMessage('waits', { delaySeconds: 60 })], staying());
    await broker.purge(reader, staying());
    expect(await broker.redrive('dead', {}, staying())).toBe(1);
    expect((await received(broker, reader)).map(({ body }) => `${body}`)).toEqual(['died']);
  });
});
