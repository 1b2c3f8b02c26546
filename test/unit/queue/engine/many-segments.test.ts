/** More segments lie between the oldest pending message and the head than a gateway keeps listings of. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  jobs,
  receive,
  settle,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';
import { costOf, whenQuiet } from '../../../support/store-costs.ts';

const segments = 70;
const perSegment = 128;

let cluster: EngineCluster;
let one: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  one = await cluster.start();
});
afterEach(() => cluster.close());

const publishSingly = async (group?: string) => {
  for (let number = 0; number < segments * perSegment; number += 1)
    await one.broker.publish(
      jobs,
      [textMessage(`${number}`, group === undefined ? {} : { group })],
      staying(),
    );
};

/** Every gateway gives out what comes, and takes its ack. */
async function expectToPass(engine: Engine, text: string, group?: string): Promise<void> {
  await one.broker.publish(jobs, [textMessage(text, group === undefined ? {} : { group })], staying());
  const [message] = await receive(engine.broker);
  expect(message?.body.toString()).toBe(text);
  expect(await ack(engine.broker, message?.receipt ?? '')).toEqual(['ok']);
}

describe('one message in each of many segments that is nacked for ten minutes', { timeout: 120_000 }, () => {
  it('hides nothing at any gateway, and costs the next ones no reads', async () => {
    await createQueue(one.broker, { leaseSeconds: 3_600 });
    await publishSingly();
    for (let segment = 0; segment < segments; segment += 1) {
      const messages = await receive(one.broker, { max: perSegment });
      const [stuck, ...others] = messages.map(({ receipt }) => receipt);
      expect(await settle(one.broker, { kind: 'nack', delaySeconds: 600 }, stuck ?? '')).toEqual(['ok']);
      await ack(one.broker, ...others);
    }
    await expectToPass(one, 'new');
    await whenQuiet(one);
    const { cost } = await costOf(one, () => expectToPass(one, 'newer'));
    expect(cost).toMatchObject({ writes: 3, reads: 0 });

    const fresh = await cluster.start();
    await expectToPass(fresh, 'newest');
    cluster.advance(600_000);
    expect(await drained(fresh.broker)).toHaveLength(segments);
  });
});

describe('single messages of one blocked group in many segments', { timeout: 120_000 }, () => {
  beforeEach(async () => {
    await createQueue(one.broker, { ordering: 'group', leaseSeconds: 3_600 });
    await publishSingly('blocked');
  });

  it('hide no other group, at any gateway', async () => {
    const [blocking] = await receive(one.broker);
    expect(blocking?.body.toString()).toBe('0');
    await expectToPass(one, 'new', 'other');
    await expectToPass(one, 'newer', 'other');
    const fresh = await cluster.start({ requestTimeoutMs: 60_000 });
    await expectToPass(fresh, 'newest', 'other');
    expect(await ack(one.broker, blocking?.receipt ?? '')).toEqual(['ok']);
    expect((await receive(fresh.broker))[0]?.body.toString()).toBe('1');
  });

  it('are looked through without holding up acks', async () => {
    const [blocking] = await receive(one.broker);
    const slow = await cluster.start({ requestTimeoutMs: 60_000 });
    await one.broker.publish(jobs, [textMessage('mine', { group: 'other' })], staying());
    const [mine] = await receive(one.broker);
    const events: string[] = [];
    const looking = receive(slow.broker).then(() => events.push('looked'));
    const { reads } = slow.store.counters;
    await until(() => slow.store.counters.reads > reads + 20, 'it has begun to look');
    expect(await ack(slow.broker, mine?.receipt ?? '')).toEqual(['ok']);
    events.push('acked');
    await looking;
    expect(events).toEqual(['acked', 'looked']);
    expect(await ack(slow.broker, blocking?.receipt ?? '')).toEqual(['ok']);
  });
});
