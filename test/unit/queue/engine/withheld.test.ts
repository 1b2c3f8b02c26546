/** Receives that can't be given every message: what they can't be given stays where it is. */
import { describe, expect, it } from 'vitest';
import type { Broker, ReceiveRequest } from '../../../../src/queue/index.ts';
import { jobs, publish, receive, staying, textMessage } from '../../../support/engine-fixture.ts';
import { one, two, useTwoEngines } from '../../../support/two-engines.ts';

useTwoEngines();

const isSmall: ReceiveRequest['isDeliverable'] = ({ attributes }) => attributes.size !== 'large';
const large = (text: string) => textMessage(text, { attributes: { size: 'large' } });
const publishLarge = (broker: Broker, text: string) => broker.publish(jobs, [large(text)], staying());

const ask = (broker: Broker, request: Partial<ReceiveRequest> = {}) =>
  broker.receive(
    jobs,
    { max: 1, waitSeconds: 0, autoAck: false, isDeliverable: isSmall, ...request },
    staying(),
  );

describe('a message that a receive cannot be given', () => {
  it.each([{}, { autoAck: true }, { attemptId: 'try' }, { waitSeconds: 5 }])(
    'is not taken by one with %j, and told of',
    async (request) => {
      await publishLarge(one.broker, 'a');
      expect(await ask(one.broker, request)).toEqual({ messages: [], isWithheld: true });
      expect(await receive(two.broker)).toMatchObject([{ deliveries: 1 }]);
    },
  );

  it('is told of only while it is there, whichever gateway has taken it', async () => {
    await publishLarge(one.broker, 'a');
    expect(await ask(one.broker)).toEqual({ messages: [], isWithheld: true });
    expect(await receive(two.broker, { autoAck: true })).toHaveLength(1);
    expect(await ask(one.broker)).toEqual({ messages: [] });
  });

  it('does not keep others from it', async () => {
    await publishLarge(one.broker, 'a');
    const [asked, received] = await Promise.all([ask(one.broker), receive(one.broker)]);
    expect(received.map(({ body }) => body.toString())).toEqual(['a']);
    // Before it was taken, or after.
    expect(asked.messages).toEqual([]);
  });

  it('ends a batch before it', async () => {
    await publish(one.broker, 'a', 'b');
    await publishLarge(one.broker, 'c');
    await publish(one.broker, 'd');
    const { messages, isWithheld } = await ask(one.broker, { max: 10 });
    expect(messages.map(({ body }) => body.toString())).toEqual(['a', 'b']);
    expect(isWithheld).toBeUndefined();
    expect((await ask(one.broker, { max: 10 })).isWithheld).toBe(true);
    const rest = await receive(one.broker, { max: 10 });
    expect(rest.map(({ body }) => body.toString())).toEqual(['c', 'd']);
  });

  it('ends the wait for a message', async () => {
    const waiting = ask(one.broker, { waitSeconds: 20 });
    await publishLarge(two.broker, 'a');
    expect(await waiting).toEqual({ messages: [], isWithheld: true });
  });

  it('changes nothing about the acks that come with the receive', async () => {
    await publish(one.broker, 'a');
    await publishLarge(one.broker, 'b');
    const [{ receipt = '' } = {}] = await receive(one.broker);
    expect(await ask(one.broker, { ack: [receipt] })).toEqual({
      messages: [],
      isWithheld: true,
      acked: [{ receipt, outcome: 'ok' }],
    });
    expect((await one.broker.get(jobs, staying())).stats.messages).toBe(1);
  });

  it('stays under the lease of an attempt that was made for it', async () => {
    await publishLarge(one.broker, 'a');
    const [first] = await receive(one.broker, { attemptId: 'try' });
    expect(await ask(two.broker, { attemptId: 'try' })).toEqual({ messages: [], isWithheld: true });
    const [again] = await receive(two.broker, { attemptId: 'try' });
    expect(again?.receipt).toBe(first?.receipt);
  });

  it('is not asked for again and again by one who waits on, once somebody else has it', async () => {
    await publishLarge(one.broker, 'a');
    const waiting = ask(one.broker, { waitSeconds: 1 });
    const taking = receive(one.broker, { autoAck: true });
    const { reads } = one.store.counters;
    const [{ messages }] = await Promise.all([waiting, taking]);
    expect(messages).toEqual([]);
    expect(one.store.counters.reads - reads).toBeLessThan(50);
  });
});
