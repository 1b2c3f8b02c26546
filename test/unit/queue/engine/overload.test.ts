/** What an engine refuses when it is given more than it bears, and that it takes it again afterwards. */
import { afterEach, describe, expect, it } from 'vitest';
import { createBroker } from '../../../../src/queue/broker.ts';
import type { Broker } from '../../../../src/queue/index.ts';
import type { LoadLimits } from '../../../../src/queue/limits/rate-limited.ts';
import { NODE_BYTES } from '../../../../src/queue/limits/store-full.ts';
import { systemRandom, systemTimers } from '../../../../src/queue/runtime/system-runtime.ts';
import { StoreError, type StoreSize } from '../../../../src/queue/zookeeper/store.ts';
import {
  ack,
  createQueue,
  drained,
  jobs,
  plainQueue,
  publish,
  receive,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';
import { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import { MemoryStore } from '../../../support/memory-store.ts';
import { silentLogger } from '../../../support/test-store.ts';

const started: Broker[] = [];
afterEach(() => Promise.all(started.splice(0).map((broker) => broker.close())));

interface Load {
  readonly limits?: Partial<LoadLimits>;
  readonly dataBytesMax?: number;
  readonly ensemble?: MemoryEnsemble;
  /** In the place of the store's own answer. */
  readonly size?: () => Promise<StoreSize>;
}

/** A ready engine with one queue; its time may be moved, and its store be made to wait. */
async function start({ limits = {}, dataBytesMax, ensemble = new MemoryEnsemble(), size }: Load) {
  let advancedMs = 0;
  let held: (() => void)[] | undefined;
  const schedule = (step: () => void) => {
    if (held === undefined) setImmediate(step);
    else held.push(step);
  };
  const store = new MemoryStore(ensemble, { schedule });
  let measurements = 0;
  const meter = {
    size: () => {
      measurements += 1;
      return size?.() ?? store.size();
    },
  };
  const broker = createBroker({
    store,
    timers: { ...systemTimers, monotonicMs: () => systemTimers.monotonicMs() + advancedMs },
    random: systemRandom,
    logger: silentLogger,
    requestTimeoutMs: 5_000,
    entryCacheBytesMax: 1024 * 1024,
    loadLimits: limits,
    ...(dataBytesMax === undefined ? {} : { dataLimit: { bytesMax: dataBytesMax, meter } }),
  });
  started.push(broker);
  await until(() => broker.ready, 'the engine is ready');
  await createQueue(broker);
  return {
    broker,
    advance: (ms: number) => {
      advancedMs += ms;
    },
    measurements: () => measurements,
    hold: () => {
      held = [];
    },
    release: () => {
      const steps = held ?? [];
      held = undefined;
      for (const step of steps) setImmediate(step);
    },
  };
}

const code = (outcome: Promise<unknown>) =>
  outcome.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );
const kilobytes = (count: number) => 'x'.repeat(count * 1000);

describe('receives that wait', () => {
  const waiting = { waitSeconds: 20 };

  it('beyond the limit are refused at once; those without a wait are not, and a place is free again', async () => {
    const { broker } = await start({ limits: { waitingReceivesMax: 2 } });
    const waits = [receive(broker, waiting), receive(broker, waiting)];
    expect(await code(receive(broker, waiting))).toBe('rate-limited');
    expect(await receive(broker)).toEqual([]);
    await publish(broker, 'a', 'b');
    expect((await Promise.all(waits)).flat()).toHaveLength(2);
    await publish(broker, 'c');
    expect(await receive(broker, waiting)).toHaveLength(1);
  });

  it('are refused before anything of them is done', async () => {
    const { broker } = await start({ limits: { waitingReceivesMax: 1 } });
    await publish(broker, 'a');
    const [message] = await receive(broker);
    const wait = receive(broker, waiting);
    const acking = { max: 1, autoAck: false, ack: [message?.receipt ?? ''], ...waiting };
    expect(await code(broker.receive(jobs, acking, staying()))).toBe('rate-limited');
    expect((await broker.get(jobs, staying())).stats.leased).toBe(1);
    broker.drain();
    await wait;
  });

  it('leave their place when their client goes away, and when their queue does not exist', async () => {
    const { broker } = await start({ limits: { waitingReceivesMax: 1 } });
    const client = new AbortController();
    const request = { max: 1, autoAck: false, ...waiting };
    const left = code(broker.receive(jobs, request, { signal: client.signal }));
    client.abort();
    expect(await left).toBe('unavailable');
    const nowhere = { kind: 'queue', name: 'nowhere' } as const;
    expect(await code(broker.receive(nowhere, request, staying()))).toBe('not-found');
    await publish(broker, 'a');
    expect(await receive(broker, waiting)).toHaveLength(1);
  });
});

describe('publishes that wait for the store', () => {
  it('beyond the limit in bytes are refused at once, in transactions too, and taken again afterwards', async () => {
    const { broker, hold, release } = await start({ limits: { queuedBytesMax: 250_000 } });
    await publish(broker, 'first');
    hold();
    const queued = [publish(broker, kilobytes(100)), publish(broker, kilobytes(100))];
    expect(await code(publish(broker, kilobytes(100)))).toBe('rate-limited');
    const messages = [textMessage(kilobytes(100))];
    const transaction = broker.transact({ acks: [], publishes: [{ target: jobs, messages }] }, staying());
    expect(await code(transaction)).toBe('rate-limited');
    const small = publish(broker, 'small');
    release();
    await Promise.all([...queued, small]);
    await publish(broker, kilobytes(200));
    expect((await drained(broker)).map((text) => text.length).sort((a, b) => a - b)).toEqual([
      5, 5, 100_000, 100_000, 200_000,
    ]);
  });

  it('give their room back when they fail', async () => {
    const { broker } = await start({ limits: { queuedBytesMax: 250_000 } });
    await broker.put(jobs, { ...plainQueue, maxMessages: 1 }, {}, staying());
    await publish(broker, 'one');
    for (let round = 0; round < 5; round += 1) {
      expect(await code(publish(broker, kilobytes(200)))).toBe('queue-full');
    }
  });
});

describe('a store with a limit', () => {
  it('takes messages up to it, and again when there is room; all that makes room goes on', async () => {
    const { broker, advance } = await start({ dataBytesMax: 600_000 });
    const published: number[] = [];
    for (let number = 0; number < 20 && (await code(publish(broker, kilobytes(100)))) === 'done'; number += 1)
      published.push(number);
    expect(published.length).toBeGreaterThan(2);
    expect(published.length).toBeLessThan(6);
    expect(await code(publish(broker, kilobytes(100)))).toBe('store-full');
    const messages = await receive(broker, { max: 10 });
    const receipts = messages.map(({ receipt }) => receipt);
    const moved = { acks: [{ source: jobs, receipts: receipts.slice(0, 1) }] };
    const publishes = [{ target: jobs, messages: [textMessage(kilobytes(100))] }];
    expect(await code(broker.transact({ ...moved, publishes }, staying()))).toBe('store-full');
    await broker.transact({ ...moved, publishes: [] }, staying());
    await ack(broker, ...receipts.slice(1));
    await broker.purge(jobs, staying());
    await until(async () => {
      advance(2_000);
      return (await code(publish(broker, kilobytes(100)))) === 'done';
    }, 'there is room again');
  });

  it('is full by what others have written as well, and small messages count with their nodes', async () => {
    const ensemble = new MemoryEnsemble();
    const one = await start({ dataBytesMax: 300 * NODE_BYTES, ensemble });
    const other = await start({ dataBytesMax: Number.MAX_SAFE_INTEGER, ensemble });
    await publish(one.broker, 'a');
    for (let number = 0; number < 300; number += 1) await publish(other.broker, 'b');
    one.advance(11_000);
    expect(await code(publish(one.broker, 'c'))).toBe('store-full');
  });

  it('is measured once a second at most, and not while nobody publishes', async () => {
    const { broker, measurements, advance } = await start({ dataBytesMax: 10_000_000 });
    expect(measurements()).toBe(0);
    for (let number = 0; number < 10; number += 1) await publish(broker, 'a');
    expect(measurements()).toBe(1);
    advance(1_500);
    for (let number = 0; number < 10; number += 1) await publish(broker, 'a');
    await until(() => measurements() === 2, 'it is measured in passing');
    await receive(broker, { max: 20 });
    expect(measurements()).toBe(2);
  });

  it('that may not be measured is not limited', async () => {
    const size = () => Promise.reject(new StoreError('refused', 'no permission'));
    const { broker } = await start({ dataBytesMax: 1, size });
    expect(await code(publish(broker, 'a'))).toBe('done');
  });

  it('that cannot be measured for the moment is not said to be full', async () => {
    const size = () => Promise.reject(new StoreError('unavailable', 'suspended'));
    const { broker } = await start({ dataBytesMax: 1, size });
    expect(await code(publish(broker, 'a'))).toBe('done');
  });

  it('is not said to be full because it was a while ago', async () => {
    let fails = false;
    const size = async () => {
      if (fails) throw new StoreError('unavailable', 'suspended');
      return { nodes: 1, dataBytes: 1_000_000 };
    };
    const { broker, advance } = await start({ dataBytesMax: 1_000, size });
    expect(await code(publish(broker, 'a'))).toBe('store-full');
    fails = true;
    advance(2_000);
    expect(await code(publish(broker, 'a'))).toBe('done');
  });
});
