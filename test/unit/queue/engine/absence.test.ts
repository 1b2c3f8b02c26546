/** An ensemble that is away or slow: what a request is told when its time is over, and that nothing happens later. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  jobs,
  plainQueue,
  publish,
  receive,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';

let cluster: EngineCluster;
let other: Engine;
/** What an engine's store has yet to do, held back while `held`. */
let steps: (() => void)[];
let held: boolean;
let engine: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  other = await cluster.start();
  await createQueue(other.broker);
  steps = [];
  held = false;
  const schedule = (step: () => void) => {
    if (held) steps.push(step);
    else setImmediate(step);
  };
  engine = await cluster.start({ requestTimeoutMs: 500, schedule });
  await publish(engine.broker, 'before');
  expect(await drained(engine.broker)).toEqual(['before']);
});
afterEach(() => cluster.close());

function letGo(): void {
  held = false;
  for (const step of steps.splice(0)) step();
}

const codeOf = (outcome: Promise<unknown>) =>
  outcome.then(
    () => 'ok',
    (error: { code?: string }) => error.code,
  );

describe('while there is no connection', () => {
  it('every verb is refused as unavailable within its time, and changes nothing later', async () => {
    await publish(other.broker, 'held');
    const [held] = await receive(other.broker);
    engine.store.disconnect();
    const { broker } = engine;
    const refused = await Promise.all(
      [
        publish(broker, 'a'),
        receive(broker, { waitSeconds: 0 }),
        ack(broker, held?.receipt ?? ''),
        broker.purge(jobs, staying()),
        broker.get(jobs, staying()),
        broker.put(jobs, { ...plainQueue, leaseSeconds: 1 }, {}, staying()),
        broker.delete(jobs, {}, staying()),
        broker.peek(jobs, { limit: 1 }, staying()),
      ].map(codeOf),
    );
    expect(new Set(refused)).toEqual(new Set(['unavailable']));
    engine.store.connect();
    expect(await receive(broker)).toEqual([]);
    expect((await other.broker.get(jobs, staying())).config).toEqual(plainQueue);
    expect(await ack(other.broker, held?.receipt ?? '')).toEqual(['ok']);
  });

  it('everything goes on by itself when it comes back', async () => {
    engine.store.disconnect('dropped', 'lost');
    expect(engine.broker.ready).toBe(false);
    expect(await codeOf(publish(engine.broker, 'a'))).toBe('unavailable');
    engine.store.connect();
    await until(() => engine.broker.ready, 'it is ready again');
    await publish(engine.broker, 'b');
    expect(await drained(engine.broker)).toEqual(['b']);
  });

  it('a gateway that was started meanwhile becomes ready when it comes', async () => {
    const late = cluster.open();
    late.store.disconnect();
    expect(late.broker.ready).toBe(false);
    late.store.connect();
    await until(() => late.broker.ready, 'it is ready');
    await publish(late.broker, 'a');
    expect(await drained(other.broker)).toEqual(['a']);
  });
});

describe('while the ensemble does not answer', () => {
  it('a publish that was sent is of unknown outcome, those behind it are refused and never stored', async () => {
    held = true;
    const sent = publish(engine.broker, 'sent');
    await Promise.resolve();
    await until(() => steps.length > 0, 'it is sent');
    const queued = publish(engine.broker, 'queued');
    expect(await Promise.all([sent, queued].map(codeOf))).toEqual(['outcome-unknown', 'unavailable']);
    letGo();
    await publish(engine.broker, 'after');
    expect(await drained(other.broker)).toEqual(['sent', 'after']);
  });

  it('an ack that was sent is of unknown outcome, and one behind it is refused', async () => {
    await publish(engine.broker, 'a', 'b');
    const [a, b] = (await receive(engine.broker, { max: 2 })).map(({ receipt }) => receipt);
    held = true;
    const sent = ack(engine.broker, a ?? '');
    await until(() => steps.length > 0, 'it is sent');
    const queued = ack(engine.broker, b ?? '');
    expect(await Promise.all([sent, queued].map(codeOf))).toEqual(['outcome-unknown', 'unavailable']);
    letGo();
    await receive(engine.broker);
    cluster.advance(60_000);
    expect(await drained(other.broker)).toEqual(['b']);
  });

  it('a lease that was made for a client whose time was over is given back, and its delivery not counted', async () => {
    await publish(engine.broker, 'a');
    held = true;
    const sent = receive(engine.broker, { leaseSeconds: 3_600 });
    expect(['outcome-unknown', 'unavailable']).toContain(await codeOf(sent));
    letGo();
    const again = await receive(other.broker, { waitSeconds: 5 });
    expect(again).toMatchObject([{ deliveries: 1 }]);
  });
});

describe('a write that certainly never arrived', () => {
  it('is refused as unavailable, not of unknown outcome, when the ensemble goes away before it is tried again', async () => {
    const { store } = engine;
    const list = store.list.bind(store);
    // Gone for good as soon as the look for the lost write has told that it is not there.
    store.list = async (...parameters) => {
      const listing = await list(...parameters);
      store.disconnect();
      return listing;
    };
    engine.plan(({ kind }) => (kind === 'commit' ? 'request-lost' : 'none'));
    expect(await codeOf(publish(engine.broker, 'a'))).toBe('unavailable');
    expect(await drained(other.broker)).toEqual([]);
  });
});

describe('a gateway that lags behind the others', () => {
  it('neither acks nor takes what another has purged, though the purged pages are still there', async () => {
    await publish(engine.broker, 'a', 'b');
    const [leased] = await receive(engine.broker);
    held = true;
    other.plan(({ writes }) => (writes?.some(({ kind }) => kind === 'delete') ? 'unavailable' : 'none'));
    await other.broker.purge(jobs, staying());
    const before = steps.length;
    const acked = ack(engine.broker, leased?.receipt ?? '');
    const received = receive(engine.broker);
    await until(() => steps.length > before, 'it acts on what it knew');
    letGo();
    expect(await acked).toEqual(['lost']);
    expect(await received).toEqual([]);
  });

  it.each([
    ['published to', () => publish(engine.broker, 'a')],
    ['received from', () => receive(engine.broker)],
    ['purged', () => engine.broker.purge(jobs, staying())],
    ['described', () => engine.broker.get(jobs, staying())],
    ['peeked into', () => engine.broker.peek(jobs, { limit: 1 }, staying())],
    ['redriven', () => engine.broker.redrive('jobs', {}, staying())],
    [
      'published to in a transaction',
      () => {
        const publishes = [{ target: jobs, messages: [textMessage('a')] }];
        return engine.broker.transact({ acks: [], publishes }, staying());
      },
    ],
  ])('finds the queue that was deleted and made again under its name when it is %s', async (_what, act) => {
    held = true;
    await other.broker.delete(jobs, {}, staying());
    await createQueue(other.broker);
    const before = steps.length;
    const outcome = codeOf(act());
    await until(() => steps.length > before, 'it acts on what it knew');
    letGo();
    expect(await outcome).toBe('ok');
  });
});
