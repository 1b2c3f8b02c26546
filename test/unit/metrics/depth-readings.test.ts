/** Reading depths for metrics: never more than the ensemble bears, and never longer than who asks has time. */
import { beforeEach, describe, expect, test } from 'vitest';
import { DEPTH_LIMITS, type DepthLimits, DepthReadings } from '../../../src/metrics/depth-readings.ts';
import { BrokerError, Counts, type Stats, type SubscriptionRef } from '../../../src/queue/index.ts';

const stats = (messages: number): Stats => ({
  messages,
  ready: messages,
  leased: 0,
  delayed: 0,
  bytes: 0,
  oldestMessageAgeSeconds: null,
});
const queue = (name: string): SubscriptionRef => ({ kind: 'queue', name });

let nowMs: number;
let counts: Counts;
/** Of the topics, by their names. */
let subscriptions: Record<string, string[]>;
/** What has been asked, in order. */
let asked: string[];
let answer: (name: string) => Promise<Stats | undefined>;

beforeEach(() => {
  nowMs = 0;
  counts = new Counts(1000);
  subscriptions = {};
  asked = [];
  answer = async () => stats(1);
});

function readings(limits: Partial<DepthLimits> = {}): DepthReadings {
  const source = {
    counts,
    subscriptions: async (topic: string) =>
      (subscriptions[topic] ?? []).map(
        (subscription): SubscriptionRef => ({ kind: 'topic', name: topic, subscription }),
      ),
    depth: (ref: SubscriptionRef) => {
      const name = ref.kind === 'queue' ? ref.name : `${ref.name}/${ref.subscription}`;
      asked.push(name);
      return answer(name);
    },
  };
  return new DepthReadings(source, () => nowMs, { ...DEPTH_LIMITS, ...limits });
}

/** Something has happened to these queues here. */
function use(...names: string[]): void {
  for (const name of names) counts.of(queue(name));
}

const namesOf = async (depths: DepthReadings) => (await depths.current()).map(({ name }) => name.name);

describe('depths', () => {
  test('are read of what something has happened to here, and of all subscriptions of such a topic', async () => {
    use('a', 'b');
    counts.of({ kind: 'topic', name: 't' });
    subscriptions = { t: ['s1', 's2'] };
    counts.of({ kind: 'topic', name: 't', subscription: 's1' });
    expect(await readings({ atOnce: 1 }).current()).toHaveLength(4);
    expect(asked).toEqual(['a', 'b', 't/s1', 't/s2']);
  });

  test('are not read of all others together', async () => {
    counts = new Counts(1);
    use('a', 'b', 'c');
    answer = async (name) => (name === '_other' ? undefined : stats(1));
    expect(await namesOf(readings())).toEqual(['a']);
  });

  test('are read once in an interval, however often they are asked for', async () => {
    use('a');
    const depths = readings({ intervalMs: 10_000 });
    await Promise.all([depths.current(), depths.current(), depths.current()]);
    nowMs = 9_999;
    expect(await namesOf(depths)).toEqual(['a']);
    expect(asked).toHaveLength(1);
    nowMs = 10_000;
    await depths.current();
    expect(asked).toHaveLength(2);
  });

  test('of the first names only, always the same ones', async () => {
    use(...Array.from({ length: 500 }, (_, index) => `q${index}`));
    const depths = readings({ namesMax: 3 });
    expect((await namesOf(depths)).sort()).toEqual(['q0', 'q1', 'q2']);
    expect(asked).toHaveLength(3);
  });

  test('are read a few at a time', async () => {
    use(...Array.from({ length: 20 }, (_, index) => `q${index}`));
    let [underWay, most] = [0, 0];
    answer = async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise(setImmediate);
      underWay -= 1;
      return stats(1);
    };
    expect(await readings({ atOnce: 4 }).current()).toHaveLength(20);
    expect(most).toBe(4);
  });

  test('that take too long are not waited for, and there the next time', async () => {
    use('slow', 'quick');
    let finish = (_: Stats): void => {};
    answer = (name) =>
      name === 'quick'
        ? Promise.resolve(stats(1))
        : new Promise((resolve) => {
            finish = resolve;
          });
    const depths = readings({ patienceMs: 5 });
    expect(await namesOf(depths)).toEqual(['quick']);
    // No second round begins beside one that is under way.
    nowMs = 60_000;
    await depths.current();
    expect(asked).toEqual(['slow', 'quick']);
    finish(stats(7));
    await new Promise(setImmediate);
    expect((await depths.current()).find(({ name }) => name.name === 'slow')?.stats.messages).toBe(7);
  });

  test('are left alone for the rest of a round once the ensemble does not answer, and kept for a while', async () => {
    use('a', 'b', 'c');
    const depths = readings({ atOnce: 1, keptMs: 60_000 });
    await depths.current();
    answer = () => Promise.reject(new BrokerError('unavailable', 'away'));
    nowMs = 20_000;
    expect(await namesOf(depths)).toEqual(['a', 'b', 'c']);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
    expect(depths.failed).toBe(1);
    nowMs = 70_000;
    expect(await namesOf(depths)).toEqual([]);
  });

  test('of what is deleted are forgotten', async () => {
    use('a', 'b');
    const depths = readings();
    await depths.current();
    answer = async (name) => {
      if (name === 'a') throw new BrokerError('not-found', 'deleted');
      return stats(2);
    };
    nowMs = 10_000;
    expect(await namesOf(depths)).toEqual(['b']);
    expect(depths.failed).toBe(0);
    answer = async () => undefined;
    nowMs = 20_000;
    expect(await namesOf(depths)).toEqual([]);
  });
});
