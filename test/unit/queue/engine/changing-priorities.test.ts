/** Messages of a level that a queue no longer has are given out like any other, wherever somebody asks. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createQueue,
  type Engine,
  EngineCluster,
  jobs,
  plainQueue,
  receive,
  settle,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';

let cluster: EngineCluster;
let one: Engine;
let other: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  one = await cluster.start();
  other = await cluster.start();
  await createQueue(one.broker, { priorities: 1 });
});
afterEach(() => cluster.close());

const publishUrgent = (text: string) =>
  one.broker.publish(jobs, [textMessage(text, { priority: 2 })], staying());

const bodies = async ({ broker }: Engine) => (await receive(broker)).map(({ body }) => body.toString());

describe('a message of a priority that the queue had only for a while', () => {
  beforeEach(async () => {
    // It knows the queue, and that there is nothing.
    expect(await receive(other.broker)).toEqual([]);
  });

  it('is received at a gateway that was idle meanwhile', async () => {
    await createQueue(one.broker, { priorities: 3 });
    await publishUrgent('urgent');
    await createQueue(one.broker, { priorities: 1 });
    expect(await bodies(other)).toEqual(['urgent']);
  });

  it('is received there also when the look at the levels fails at first', async () => {
    await createQueue(one.broker, { priorities: 3 });
    await publishUrgent('urgent');
    await createQueue(one.broker, { priorities: 1 });
    let failures = 0;
    other.plan((request) => {
      if (!('path' in request) || !String(request.path).endsWith('/log') || failures > 0) return 'none';
      failures += 1;
      return 'unavailable';
    });
    expect(await bodies(other)).toEqual(['urgent']);
    expect(failures).toBe(1);
  });

  it('wakes who waits at another gateway', async () => {
    const waiting = receive(other.broker, { waitSeconds: 20 });
    await createQueue(one.broker, { priorities: 3 });
    await createQueue(one.broker, { priorities: 1 });
    await createQueue(one.broker, { priorities: 3 });
    await publishUrgent('urgent');
    await createQueue(one.broker, { priorities: 1 });
    expect((await waiting).map(({ body }) => body.toString())).toEqual(['urgent']);
  });
});

it('a dead letter goes into a level that its queue still has when it is moved', async () => {
  const dlq = { kind: 'queue', name: 'dlq' } as const;
  const putDlq = (priorities: number) => one.broker.put(dlq, { ...plainQueue, priorities }, {}, staying());
  const takeDead = async () => {
    const { messages } = await other.broker.receive(
      dlq,
      { max: 10, waitSeconds: 0, autoAck: true },
      staying(),
    );
    return messages.map(({ body }) => body.toString());
  };
  await putDlq(3);
  await createQueue(one.broker, { priorities: 3, deadLetterQueue: 'dlq' });
  await publishUrgent('dying');
  const [message] = await receive(one.broker);
  // While a gateway looks for the place, the queue comes to have one level, and another has looked for more.
  let meanwhile = async () => {
    meanwhile = async () => {};
    await putDlq(1);
    expect(await takeDead()).toEqual([]);
    await third.broker.publish(dlq, [textMessage('plain')], staying());
  };
  const third = await cluster.start({
    wrap: (store) =>
      new Proxy(store, {
        get(target, property) {
          const value = Reflect.get(target, property, target);
          if (typeof value !== 'function') return value;
          if (property !== 'stat') return value.bind(target);
          return async (path: string) => {
            if (/\/log\/2$/.test(path) && !cluster.ensemble.paths.includes(path)) await meanwhile();
            return target.stat(path);
          };
        },
      }),
  });
  const rejected = await settle(third.broker, { kind: 'reject' }, message?.receipt ?? '');
  expect(rejected).toEqual(['ok']);
  expect(await takeDead()).toEqual(['plain', 'dying']);
});
