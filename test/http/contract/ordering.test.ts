/** Ordering and priorities, for queues and subscriptions alike, at two gateways. */
import { describe, expect, it } from 'vitest';
import { SOURCES, type Source, useContract } from '../../support/contract-client.ts';

const contract = useContract();

const bodiesOf = (messages: readonly { body?: unknown }[]): unknown[] => messages.map(({ body }) => body);

/** Bodies such as a1: the letter is the group. */
function publishGrouped(source: Source, ...bodies: string[]): Promise<string[]> {
  return source.publish(...bodies.map((body) => ({ body, group: body.slice(0, 1) })));
}

describe.each(SOURCES)('ordering none, of a %s', (kind) => {
  it('is first in, first out when nothing is in the way', async () => {
    const source = await contract.source(kind);
    for (let body = 0; body < 10; body += 1) {
      await source.publishBodies(body);
    }
    expect(await source.drain()).toEqual([...Array(10).keys()]);
  });

  it('lets nothing block: a group has no meaning', async () => {
    const source = await contract.source(kind);
    await publishGrouped(source, 'a1', 'a2');
    expect((await source.receiveOne()).body).toBe('a1');
    expect((await source.receiveOne()).body).toBe('a2');
  });
});

describe.each(SOURCES)('ordering group, of a %s', (kind) => {
  const grouped = () => contract.source(kind, { ordering: 'group', leaseSeconds: 600 });

  it('gives several messages of a group in one answer, in order', async () => {
    const source = await grouped();
    await publishGrouped(source, 'a1', 'b1', 'a2', 'a3', 'b2');
    const bodies = bodiesOf(await source.receive({ max: 5 })) as string[];
    expect(bodies.filter((body) => body.startsWith('a'))).toEqual(['a1', 'a2', 'a3']);
    expect(bodies.filter((body) => body.startsWith('b'))).toEqual(['b1', 'b2']);
  });

  it('passes over a group with something in flight; the others go on', async () => {
    const source = await grouped();
    await publishGrouped(source, 'a1', 'a2', 'b1', 'a3');
    const first = await source.receiveOne();
    expect(first.body).toBe('a1');
    expect(bodiesOf(await source.receive({ max: 10 }))).toEqual(['b1']);
    expect(await source.receive({ max: 10 })).toEqual([]);
    await source.outcome('ack', first);
    expect(bodiesOf(await source.receive({ max: 10 }))).toEqual(['a2', 'a3']);
  });

  it('leaves messages without a group free of each other', async () => {
    const source = await grouped();
    await source.publishBodies(1, 2);
    expect((await source.receiveOne()).body).toBe(1);
    expect((await source.receiveOne()).body).toBe(2);
  });

  it('brings the first back before its successors after a nack', async () => {
    const source = await grouped();
    await publishGrouped(source, 'a1', 'a2', 'a3');
    await source.outcome('nack', await source.receiveOne());
    expect(bodiesOf(await source.receive({ max: 10 }))).toEqual(['a1', 'a2', 'a3']);
  });

  it('brings the first back before its successors after its lease has run out', async () => {
    const source = await grouped();
    await publishGrouped(source, 'a1', 'a2');
    const { id } = await source.receiveOne({ leaseSeconds: 0.5 });
    expect(await source.receiveOne()).toMatchObject({ id, deliveries: 2 });
  });

  it('is blocked by what is nacked with a delay', async () => {
    const source = await grouped();
    await publishGrouped(source, 'a1', 'a2', 'b1');
    await source.outcome('nack', await source.receiveOne(), { delaySeconds: 600 });
    expect(bodiesOf(await source.receive({ max: 10 }))).toEqual(['b1']);
  });

  it('is not blocked by what is published with a delay', async () => {
    const source = await grouped();
    await source.publish(
      { body: 'a1', group: 'a', delaySeconds: 600 },
      { body: 'a2', group: 'a' },
      { body: 'a3', group: 'a', delaySeconds: 0.3 },
    );
    const now = await source.receiveOne();
    expect(now.body).toBe('a2');
    await source.outcome('ack', now);
    expect((await source.receiveOne()).body).toBe('a3');
  });

  it('never hides the others, however long the backlog of a blocked group', { timeout: 60_000 }, async () => {
    const source = await grouped();
    await publishGrouped(source, 'a0');
    await source.receiveOne();
    const backlog = Array.from({ length: 1000 }, () => ({ body: 'a', group: 'a' }));
    for (let round = 0; round < 5; round += 1) {
      await source.publish(...backlog);
    }
    await publishGrouped(source, 'b1');
    expect(bodiesOf(await source.receive({ max: 10 }))).toEqual(['b1']);
    expect(await source.stats()).toMatchObject({ messages: 5002, leased: 2, ready: 5000 });
  });

  it('keeps the order of each group for competing consumers', async () => {
    const source = await grouped();
    const groups = ['a', 'b', 'c', 'd'];
    for (let number = 10; number < 25; number += 1) {
      await publishGrouped(source, ...groups.map((group) => `${group}${number}`));
    }
    const done: string[] = [];
    const consume = async (): Promise<void> => {
      while (done.length < groups.length * 15) {
        const messages = await source.receive({ max: 3, waitSeconds: 0.2 });
        done.push(...(bodiesOf(messages) as string[]));
        if (messages.length > 0) {
          await source.settle(
            'ack',
            messages.map(({ receipt }) => receipt),
          );
        }
      }
    };
    await Promise.all([consume(), consume(), consume()]);
    for (const group of groups) {
      const ofGroup = done.filter((body) => body.startsWith(group));
      expect(ofGroup).toHaveLength(15);
      expect(ofGroup).toEqual([...ofGroup].sort());
    }
  });
});

describe.each(SOURCES)('ordering strict, of a %s', (kind) => {
  const strict = () => contract.source(kind, { ordering: 'strict', leaseSeconds: 600 });

  it('has one message in flight at a time, in log order', async () => {
    const source = await strict();
    await source.publishBodies(1, 2, 3);
    for (const body of [1, 2, 3]) {
      const message = await source.receiveOne();
      expect(message.body).toBe(body);
      expect(await source.receive({ max: 10 })).toEqual([]);
      await source.outcome('ack', message);
    }
  });

  it('gives a nacked message again before the others', async () => {
    const source = await strict();
    await source.publishBodies(1, 2);
    await source.outcome('nack', await source.receiveOne());
    expect(await source.receiveOne()).toMatchObject({ body: 1, deliveries: 2 });
  });

  it('is blocked by what is nacked with a delay, not by what is published with one', async () => {
    const source = await strict();
    await source.publish({ body: 'later', delaySeconds: 600 }, { body: 1 }, { body: 2 });
    const first = await source.receiveOne();
    expect(first.body).toBe(1);
    await source.outcome('nack', first, { delaySeconds: 0.5 });
    expect(await source.receiveOne()).toMatchObject({ body: 1, deliveries: 2 });
  });

  it('lets a message published with a delay enter at the end of the log when it is due', async () => {
    const source = await strict();
    await source.publish({ body: 'delayed', delaySeconds: 0.4 }, { body: 1 });
    const first = await source.receiveOne();
    await source.publishBodies(2);
    await source.outcome('ack', first);
    const rest = [await source.receiveOne()];
    await source.settle('ack', [rest[0]?.receipt ?? '']);
    rest.push(await source.receiveOne());
    expect(bodiesOf([first, ...rest]).sort()).toEqual([1, 2, 'delayed']);
    expect(first.body).toBe(1);
  });
});

describe.each(SOURCES)('priorities of a %s', (kind) => {
  it('let a higher level go first, each level in order', async () => {
    const source = await contract.source(kind, { priorities: 10 });
    await source.publish(
      { body: 'low 1' },
      { body: 'high 1', priority: 9 },
      { body: 'middle', priority: 5 },
      { body: 'low 2' },
      { body: 'high 2', priority: 9 },
    );
    expect(await source.drain()).toEqual(['high 1', 'high 2', 'middle', 'low 1', 'low 2']);
  });

  it('are shown with each message', async () => {
    const source = await contract.source(kind, { priorities: 3 });
    await source.publish({ body: 1, priority: 2 }, { body: 2 });
    const received = await source.receive({ max: 2 });
    expect(received.map(({ priority }) => priority)).toEqual([2, 0]);
  });

  it('go first in a group too, and a message in flight blocks its group on every level', async () => {
    const source = await contract.source(kind, { priorities: 2, ordering: 'group', leaseSeconds: 600 });
    await source.publish({ body: 'low', group: 'a' });
    const low = await source.receiveOne();
    await source.publish({ body: 'high', group: 'a', priority: 1 }, { body: 'other', group: 'b' });
    expect(bodiesOf(await source.receive({ max: 10 }))).toEqual(['other']);
    await source.outcome('ack', low);
    expect(bodiesOf(await source.receive({ max: 10 }))).toEqual(['high']);
  });
});
