/** Messages under every mishap at every request: nothing is lost, nothing doubled, and the outcome is the true one. */
import { describe, expect, it } from 'vitest';
import { type Act, mishaps, underEveryMishap } from '../../../support/engine-faults.ts';
import {
  ack,
  createQueue,
  drained,
  jobs,
  publish,
  receive,
  settle,
  staying,
} from '../../../support/engine-fixture.ts';

const everything = <Prepared, Result>(name: string, act: Act<Prepared, Result>) =>
  describe(name, () => {
    it.each(mishaps)('comes to its end when one of its requests is: %s', (mishap) =>
      underEveryMishap(mishap, act),
    );
  });

const receiptsOf = (messages: readonly { receipt: string }[]) => messages.map(({ receipt }) => receipt);
const hourMs = 3_600_000;

everything('publishing', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'before');
  },
  act: ({ broker }) => Promise.all([publish(broker, 'a', 'b'), publish(broker, 'c'), publish(broker, 'd')]),
  async check({ result, other }) {
    const ids = result.flat().map(({ id }) => id);
    const peeked = await other.broker.peek(jobs, { limit: 10 }, staying());
    expect(peeked.items.slice(1).map(({ id }) => id)).toEqual(ids);
    expect(await drained(other.broker)).toEqual(['before', 'a', 'b', 'c', 'd']);
  },
});

everything('publishing that fills a segment', {
  async prepare({ broker }) {
    await createQueue(broker);
    for (const count of [1000, 1000, 1000, 1000, 95]) await publish(broker, ...Array(count).fill('before'));
  },
  async act({ broker }) {
    await publish(broker, 'last of the first');
    await publish(broker, 'first of the next');
  },
  async check({ other }) {
    const texts = await drained(other.broker);
    expect(texts).toHaveLength(4097);
    expect(texts.slice(4094)).toEqual(['before', 'last of the first', 'first of the next']);
  },
});

everything('receiving', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a', 'b');
  },
  act: ({ broker }) => receive(broker, { max: 2 }),
  async check({ result, other, cluster }) {
    expect(result.map(({ body, deliveries }) => [body.toString(), deliveries])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(await receive(other.broker)).toEqual([]);
    expect(await ack(other.broker, ...receiptsOf(result))).toEqual(['ok', 'ok']);
    cluster.advance(hourMs);
    expect(await drained(other.broker)).toEqual([]);
  },
});

everything('receiving with autoAck', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a', 'b');
  },
  act: ({ broker }) => receive(broker, { autoAck: true }),
  async check({ result, other, cluster }) {
    expect(result.map(({ body }) => body.toString())).toEqual(['a']);
    cluster.advance(hourMs);
    expect(await drained(other.broker)).toEqual(['b']);
  },
});

everything('receiving and acking in one', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a', 'b');
    return receiptsOf(await receive(broker));
  },
  act: ({ broker }, receipts) =>
    broker.receive(jobs, { max: 5, waitSeconds: 0, autoAck: false, ack: receipts }, staying()),
  async check({ result, other, cluster }) {
    expect(result.acked?.map(({ outcome }) => outcome)).toEqual(['ok']);
    expect(result.messages.map(({ body, deliveries }) => [body.toString(), deliveries])).toEqual([['b', 1]]);
    cluster.advance(hourMs);
    expect(await drained(other.broker)).toEqual(['b']);
  },
});

everything('receiving with an attemptId, and doing so again', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a', 'b');
  },
  act: ({ broker }) => receive(broker, { attemptId: 'try' }),
  async check({ result, other, engine }) {
    expect(result.map(({ body, deliveries }) => [body.toString(), deliveries])).toEqual([['a', 1]]);
    expect(await receive(other.broker, { attemptId: 'try' })).toEqual(result);
    expect(await receive(engine.broker, { attemptId: 'try' })).toEqual(result);
    expect(await drained(other.broker)).toEqual(['b']);
  },
});

everything('acking', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a', 'b', 'c');
    return receiptsOf(await receive(broker, { max: 3 }));
  },
  act: ({ broker }, receipts) =>
    Promise.all([ack(broker, ...receipts.slice(0, 1)), ack(broker, ...receipts.slice(2))]),
  async check({ result, other, cluster }) {
    expect(result).toEqual([['ok'], ['ok']]);
    cluster.advance(hourMs);
    expect(await drained(other.broker)).toEqual(['b']);
  },
});

everything('giving back', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a', 'b');
    return receiptsOf(await receive(broker, { max: 2 }));
  },
  act: ({ broker }, receipts) => settle(broker, { kind: 'nack', delaySeconds: 0 }, receipts[0] ?? ''),
  async check({ result, other }) {
    expect(result).toEqual(['ok']);
    const again = await receive(other.broker, { max: 2 });
    expect(again.map(({ body, deliveries }) => [body.toString(), deliveries])).toEqual([['a', 2]]);
  },
});

everything('extending', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a');
    return receiptsOf(await receive(broker));
  },
  act: ({ broker }, receipts) => settle(broker, { kind: 'extend', leaseSeconds: 600 }, ...receipts),
  async check({ result, other, cluster, prepared }) {
    expect(result).toEqual(['ok']);
    cluster.advance(500_000);
    expect(await receive(other.broker)).toEqual([]);
    expect(await ack(other.broker, ...prepared)).toEqual(['ok']);
  },
});

everything('purging', {
  async prepare({ broker }) {
    await createQueue(broker);
    await publish(broker, 'a', 'b', 'c');
    return receiptsOf(await receive(broker));
  },
  act: ({ broker }) => broker.purge(jobs, staying()),
  async check({ other, prepared, cluster }) {
    await publish(other.broker, 'after');
    cluster.advance(hourMs);
    expect(await ack(other.broker, ...prepared)).toEqual(['lost']);
    expect(await drained(other.broker)).toEqual(['after']);
  },
});
