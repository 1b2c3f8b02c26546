/** Sealing a segment and opening the next, raced by appends and cut short by crashes. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeHeader } from '../../../../src/queue/model/segment.ts';
import {
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  jobs,
  publish,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';
import type { MemoryRequest } from '../../../support/memory-store.ts';

let cluster: EngineCluster;
let one: Engine;
let two: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  one = await cluster.start({ segmentLimits: LIMITS });
  two = await cluster.start({ segmentLimits: LIMITS });
  await createQueue(one.broker);
});
afterEach(() => cluster.close());

/** Reached by a few large publishes, with some in the segment before. */
const LIMITS = { entries: 128, messages: 4096, bytes: 4 * 1024 * 1024 };
const full = Array.from({ length: 1000 }, (_, index) => `${index}`);

/** One more entry makes the segment full. */
async function nearlyFull({ broker }: Engine): Promise<void> {
  for (let entry = 0; entry < 4; entry += 1) await publish(broker, ...full);
}

const headers = () =>
  cluster.ensemble.paths
    .filter((path) => /\/log\/0\/\d{10}$/.test(path))
    .map((path) => decodeHeader(cluster.ensemble.data(path) ?? Buffer.alloc(0)));

const seals = ({ writes }: MemoryRequest) =>
  writes?.length === 1 && writes.some(({ kind, path }) => kind === 'set' && path.includes('/log/'));
const opensNext = ({ writes }: MemoryRequest) =>
  /\/log\/0\/\d{10}$/.test(writes?.[0]?.path ?? '') && writes?.[1]?.kind === 'create';

describe('a segment that becomes full', () => {
  it('is sealed while others append to it: nothing is lost, and its successor begins where it ended', async () => {
    await nearlyFull(one);
    const texts = Array.from({ length: 400 }, (_, index) => `raced ${index}`);
    await Promise.all(texts.map((text, index) => publish((index % 2 === 0 ? one : two).broker, text)));
    for (let entry = 0; entry < 150; entry += 1)
      await publish((entry % 2 === 0 ? one : two).broker, `after ${entry}`);
    const [first, second] = headers();
    expect(first).toMatchObject({ state: 'sealed', ordinal: 0 });
    const path = cluster.ensemble.paths.find((each) => /\/log\/0\/0000000000$/.test(each)) ?? '';
    const counts = (cluster.ensemble.children(path) ?? []).map((name) => Number(name.split('.')[0]));
    expect(second?.ordinal).toBe(counts.reduce((sum, count) => sum + count, 0));
    const { stats } = await two.broker.get(jobs, staying());
    expect(stats.messages).toBe(4_550);
    const all = await drained(two.broker);
    expect(all.slice(4_000, 4_400).sort()).toEqual(texts.sort());
    expect(all.slice(4_400)).toEqual(Array.from({ length: 150 }, (_, index) => `after ${index}`));
  });

  it('is sealed though two gateways fill it in turns and neither ever looks at it', async () => {
    for (let entry = 0; entry < 500; entry += 1)
      await publish((entry % 2 === 0 ? one : two).broker, `${entry}`);
    const ordinals = headers().map(({ ordinal }) => ordinal);
    expect(ordinals.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...ordinals.map((ordinal, at) => (ordinals[at + 1] ?? 500) - ordinal))).toBeLessThan(150);
    expect(await drained(two.broker)).toHaveLength(500);
  });

  it.each([
    ['before it has sealed it', seals],
    ['between sealing it and opening the next', opensNext],
  ])('by a gateway that dies %s is taken over by another', async (_when, isLast) => {
    await nearlyFull(one);
    let died = false;
    one.plan((request) => {
      died ||= isLast(request) === true;
      return died ? 'request-lost' : 'none';
    });
    await publish(one.broker, ...full.slice(0, 100));
    await publish(two.broker, 'next');
    await one.close();
    const texts = await drained(two.broker);
    expect(texts).toHaveLength(4_101);
    expect(texts.at(-1)).toBe('next');
    expect(headers().at(-1)).toMatchObject({ state: 'open' });
  });

  it('is read to its end by a gateway that has never seen it, though its successor is missing', async () => {
    await nearlyFull(one);
    let died = false;
    one.plan((request) => {
      died ||= opensNext(request) === true;
      return died ? 'request-lost' : 'none';
    });
    await publish(one.broker, ...full.slice(0, 100));
    const fresh = await cluster.start({ segmentLimits: LIMITS });
    expect((await fresh.broker.get(jobs, staying())).stats.messages).toBe(4_100);
    expect(await drained(fresh.broker)).toHaveLength(4_100);
  });
});

describe('a gateway that has not noticed that a segment was sealed', () => {
  it('appends to the one that is open now, behind what is there', async () => {
    await publish(two.broker, 'known');
    // Looking at the queue tells the other what is there, so that it sees the segment filling up.
    await one.broker.get(jobs, staying());
    for (let entry = 0; entry < 5; entry += 1) await publish(one.broker, ...full);
    await publish(one.broker, 'before');
    await publish(two.broker, 'late');
    const { stats } = await one.broker.get(jobs, staying());
    expect(stats.messages).toBe(5_003);
    expect(headers().at(-1)?.ordinal).toBe(5_001);
    const texts = await drained(one.broker);
    expect(texts).toHaveLength(5_003);
    expect(texts.slice(-2)).toEqual(['before', 'late']);
  });

  it('reads what was appended to it after it last looked', async () => {
    await publish(two.broker, 'known');
    expect(await drained(two.broker)).toEqual(['known']);
    for (let entry = 0; entry < 5; entry += 1) await publish(one.broker, ...full);
    await publish(one.broker, 'last');
    const texts = await drained(two.broker);
    expect(texts).toHaveLength(5_001);
    expect(texts.at(-1)).toBe('last');
  });
});

describe('a segment that is filled by something else than publishing', () => {
  it('is rolled as well: what became due', async () => {
    const engine = await cluster.start({ segmentLimits: { entries: 4, messages: 8, bytes: 1_000_000 } });
    for (let number = 0; number < 40; number += 1) {
      const message = textMessage(`${number}`, { delaySeconds: 1 + number });
      await engine.broker.publish(jobs, [message], staying());
    }
    for (let due = 0; due < 40; due += 1) {
      cluster.advance(1_000);
      await engine.broker.peek(jobs, { limit: 1 }, staying());
    }
    await until(() => headers().length >= 5, 'segments were rolled');
    expect((await drained(engine.broker)).length).toBe(40);
  });

  it('is rolled as well: what transactions publish', async () => {
    const engine = await cluster.start({ segmentLimits: { entries: 4, messages: 8, bytes: 1_000_000 } });
    for (let number = 0; number < 20; number += 1) {
      const publishes = [{ target: jobs, messages: [textMessage(`${number}`)] }];
      await engine.broker.transact({ acks: [], publishes }, staying());
    }
    await until(() => headers().length >= 4, 'segments were rolled');
    expect(await drained(engine.broker)).toHaveLength(20);
  });
});

describe('numbers of segments', () => {
  it('have no gap, and each begins where the one before ends, over many rolls at two gateways', async () => {
    for (let entry = 0; entry < 20; entry += 1) await publish((entry % 2 === 0 ? one : two).broker, ...full);
    const ordinals = headers().map(({ ordinal }) => ordinal);
    expect(ordinals.slice(1).every((ordinal, at) => ordinal > (ordinals[at] ?? 0))).toBe(true);
    expect(headers().filter(({ state }) => state === 'open')).toHaveLength(1);
    expect(await drained(one.broker)).toHaveLength(20_000);
  });
});
