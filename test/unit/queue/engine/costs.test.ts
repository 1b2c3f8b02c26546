/** What each verb costs the ensemble, counted: it follows from what is asked, never from what is stored. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemTimers } from '../../../../src/queue/runtime/system-runtime.ts';
import {
  ack,
  createQueue,
  type Engine,
  EngineCluster,
  jobs,
  publish,
  receive,
  settle,
  staying,
} from '../../../support/engine-fixture.ts';
import { whenQuiet } from '../../../support/store-costs.ts';

let cluster: EngineCluster;
let engine: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  engine = await cluster.start();
  await createQueue(engine.broker);
  // What is read once is known from then on.
  await publish(engine.broker, 'a', 'b');
  await ack(engine.broker, ...(await receive(engine.broker, { max: 2 })).map(({ receipt }) => receipt));
  await whenQuiet(engine);
});
afterEach(() => cluster.close());

async function cost<Result>(of: () => Promise<Result>, at: Engine = engine) {
  const before = { ...at.store.counters };
  const result = await of();
  const { reads, writes, conflicts, bytesWritten } = at.store.counters;
  return {
    result,
    reads: reads - before.reads,
    writes: writes - before.writes,
    conflicts: conflicts - before.conflicts,
    bytesWritten: bytesWritten - before.bytesWritten,
  };
}

const once = { reads: 0, writes: 1, conflicts: 0 };
const thousand = Array.from({ length: 1000 }, (_, index) => `${index}`);

describe('one write is what it costs', () => {
  it('to publish one message, or a thousand together', async () => {
    expect(await cost(() => publish(engine.broker, 'a'))).toMatchObject(once);
    expect(await cost(() => publish(engine.broker, ...thousand))).toMatchObject(once);
  });

  it('to receive, to ack, to give back and to extend, one message or a thousand', async () => {
    await publish(engine.broker, ...thousand);
    const taken = await cost(() => receive(engine.broker, { max: 1000 }));
    expect(taken).toMatchObject(once);
    const receipts = taken.result.map(({ receipt }) => receipt);
    expect(receipts).toHaveLength(1000);
    const extend = { kind: 'extend', leaseSeconds: 60 } as const;
    const nack = { kind: 'nack', delaySeconds: 0 } as const;
    expect(await cost(() => settle(engine.broker, extend, ...receipts))).toMatchObject(once);
    expect(await cost(() => settle(engine.broker, nack, ...receipts.slice(0, 500)))).toMatchObject(once);
    expect(await cost(() => ack(engine.broker, ...receipts.slice(500)))).toMatchObject(once);
  });

  it('to receive and ack what was received before, in one request', async () => {
    await publish(engine.broker, 'a', 'b');
    const [first] = await receive(engine.broker);
    const request = { max: 1, waitSeconds: 0, autoAck: false, ack: [first?.receipt ?? ''] };
    const both = await cost(() => engine.broker.receive(jobs, request, staying()));
    expect(both).toMatchObject(once);
    expect(both.result).toMatchObject({ acked: [{ outcome: 'ok' }], messages: [{ deliveries: 1 }] });
  });

  it('to say for certain that there is nothing', async () => {
    const looked = await cost(() => receive(engine.broker));
    expect(looked).toMatchObject({ result: [], writes: 1 });
  });

  it('to take with autoAck', async () => {
    await publish(engine.broker, 'a');
    expect(await cost(() => receive(engine.broker, { autoAck: true }))).toMatchObject(once);
  });

  it('who waits is answered at another gateway with a write there, a write here, and two reads', async () => {
    const other = await cluster.start();
    await publish(other.broker, 'what is read once is known from then on');
    await ack(engine.broker, ...(await receive(engine.broker)).map(({ receipt }) => receipt));
    const received = receive(engine.broker, { waitSeconds: 20 });
    await whenQuiet(engine);
    const there = cost(() => publish(other.broker, 'x'), other);
    expect(await cost(() => received)).toMatchObject({ reads: 2, writes: 1, conflicts: 0 });
    expect(await there).toMatchObject(once);
  });
});

describe('what comes at once shares its writes', () => {
  it('64 publishes, 64 receives and 64 acks take a handful each', async () => {
    const clients = Array.from({ length: 64 }, (_, index) => `${index}`);
    const published = await cost(() => Promise.all(clients.map((text) => publish(engine.broker, text))));
    expect(published.writes).toBeLessThanOrEqual(3);
    const received = await cost(() => Promise.all(clients.map(() => receive(engine.broker))));
    expect(received.writes).toBeLessThanOrEqual(3);
    const receipts = received.result.flat().map(({ receipt }) => receipt);
    expect(new Set(receipts).size).toBe(64);
    const acked = await cost(() => Promise.all(receipts.map((receipt) => ack(engine.broker, receipt))));
    expect(acked.writes).toBeLessThanOrEqual(3);
  });

  it('a thousand empty receives look once or twice', async () => {
    const looked = await cost(() => Promise.all(Array.from({ length: 1000 }, () => receive(engine.broker))));
    expect(looked.writes).toBeLessThanOrEqual(2);
    expect(looked.reads).toBeLessThanOrEqual(20);
  });

  it('a hundred that wait cost nothing while nothing comes', async () => {
    const waiting = Array.from({ length: 100 }, () => receive(engine.broker, { waitSeconds: 20 }));
    await whenQuiet(engine);
    const idle = await cost(() => whenQuiet(engine));
    expect(idle).toMatchObject({ reads: 0, writes: 0 });
    engine.broker.drain();
    await Promise.all(waiting);
  });
});

describe('what goes on in the background', () => {
  it('opens the next segment with two writes and a read', async () => {
    for (let entry = 2; entry < 128; entry += 1) await publish(engine.broker, 'x');
    await whenQuiet(engine);
    const rolled = await cost(async () => {
      await publish(engine.broker, 'the last one');
      await whenQuiet(engine);
    });
    expect(rolled).toMatchObject({ writes: 1 + 2, reads: 1, conflicts: 0 });
  });

  it('opens none while messages come and go, as long as they would fit', async () => {
    // No moment is ever quiet.
    const busy = await cluster.start({ timers: { ...systemTimers, monotonicMs: () => 0 } });
    await receive(busy.broker);
    const passed = await cost(async () => {
      for (let message = 0; message < 60; message += 1) {
        await publish(busy.broker, 'x');
        const [taken] = await receive(busy.broker);
        await ack(busy.broker, taken?.receipt ?? '');
      }
    }, busy);
    expect(passed).toMatchObject({ writes: 3 * 60, conflicts: 0 });
  });

  it('removes a deleted queue with two writes, without trying what has to fail', async () => {
    await publish(engine.broker, 'a');
    await receive(engine.broker);
    await whenQuiet(engine);
    const deleted = await cost(async () => {
      await engine.broker.delete(jobs, {}, staying());
      await whenQuiet(engine);
    });
    expect(deleted).toMatchObject({ writes: 1 + 2, conflicts: 0 });
    expect(cluster.ensemble.paths.filter((path) => /^\/(data|trash)\/./.test(path))).toEqual([]);
  });
});

describe('with a backlog of ten thousand messages in hundreds of entries', () => {
  beforeEach(async () => {
    const texts = thousand.slice(0, 25);
    for (let entry = 0; entry < 400; entry += 1) await publish(engine.broker, ...texts);
    await whenQuiet(engine);
  });

  it('publishing, receiving and acking cost what they cost on an empty queue', async () => {
    expect(await cost(() => publish(engine.broker, 'a'))).toMatchObject(once);
    await receive(engine.broker);
    for (let round = 0; round < 20; round += 1) {
      const taken = await cost(() => receive(engine.broker));
      expect(taken).toMatchObject(once);
      expect(taken.bytesWritten).toBeLessThan(1_500);
      expect(await cost(() => ack(engine.broker, taken.result[0]?.receipt ?? ''))).toMatchObject(once);
    }
  });

  it('a gateway that knows nothing receives its first message with a few reads', async () => {
    const fresh = await cluster.start();
    const first = await cost(() => receive(fresh.broker), fresh);
    expect(first.result).toHaveLength(1);
    expect(first.reads).toBeLessThanOrEqual(15);
    expect(first.writes).toBeLessThanOrEqual(2);
  });

  it('statistics cost as many reads as without it, at a gateway that knows nothing', async () => {
    const small = new EngineCluster();
    const writer = await small.start();
    await createQueue(writer.broker);
    await publish(writer.broker, 'a');
    await receive(writer.broker);
    const reader = await small.start();
    const without = await cost(() => reader.broker.get(jobs, staying()), reader);
    await receive(engine.broker);
    const fresh = await cluster.start();
    const counted = await cost(() => fresh.broker.get(jobs, staying()), fresh);
    await small.close();
    expect(counted.result.stats).toMatchObject({ messages: 10_000, ready: 9_999, leased: 1 });
    expect(counted.reads).toBeLessThanOrEqual(without.reads + 5);
    expect(counted.reads).toBeLessThanOrEqual(20);
    expect(counted.writes).toBeLessThanOrEqual(1);
  });

  it('a whole queue of thousands is taken and acked at a cost per message far below one request', async () => {
    const drained = await cost(async () => {
      for (;;) {
        const messages = await receive(engine.broker, { max: 100 });
        if (messages.length === 0) return;
        await ack(engine.broker, ...messages.map(({ receipt }) => receipt));
      }
    });
    expect(drained.writes).toBeLessThan((10_000 / 100) * 2 + 40);
    expect(drained.reads).toBeLessThan(200);
  });
});
