/** Publishing where somebody waits: stored and leased in one write, and never to the wrong one. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReceiveRequest } from '../../../../src/queue/index.ts';
import type { Write } from '../../../../src/queue/zookeeper/store.ts';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  publish,
  quiet,
  receive,
} from '../../../support/engine-fixture.ts';
import type { MemoryRequest } from '../../../support/memory-store.ts';

let cluster: EngineCluster;
let one: Engine;

beforeEach(async () => {
  cluster = new EngineCluster();
  one = await cluster.start();
  await createQueue(one.broker);
});
afterEach(() => cluster.close());

const texts = (messages: readonly { body: Buffer }[]) => messages.map(({ body }) => body.toString());

const isEntry = (write: Write) => write.kind === 'create' && write.sequential === true;
const isHandOff = ({ writes = [] }: MemoryRequest) =>
  writes.some(isEntry) && writes.some(({ kind }) => kind === 'set');

describe('publishing where somebody waits', () => {
  /** In an object, since awaiting the promise itself would wait for its message. */
  const parked = async (request: Partial<ReceiveRequest> = {}) => {
    const received = receive(one.broker, { waitSeconds: 20, ...request });
    await quiet(one);
    return { received };
  };

  it('stores and leases in one write', async () => {
    await publish(one.broker, 'before');
    await drained(one.broker);
    const { received } = await parked();
    const before = { ...one.store.counters };
    await publish(one.broker, 'a');
    const [message] = await received;
    expect(one.store.counters.writes - before.writes).toBe(1);
    expect(one.store.counters.reads - before.reads).toBe(0);
    expect(message).toMatchObject({ deliveries: 1 });
    expect(await ack(one.broker, message?.receipt ?? '')).toEqual(['ok']);
    expect(await drained(one.broker)).toEqual([]);
  });

  it('leases to as many as there are messages, and leaves the others for whoever comes', async () => {
    await publish(one.broker, 'before');
    await drained(one.broker);
    const waiters = [await parked(), await parked(), await parked()];
    const before = one.store.counters.writes;
    await publish(one.broker, 'a', 'b');
    const got = await Promise.all(waiters.slice(0, 2).map(({ received }) => received));
    expect(texts(got.flat())).toEqual(['a', 'b']);
    expect(one.store.counters.writes - before).toBe(1);
    await publish(one.broker, 'c', 'd');
    expect(texts(await (waiters[2]?.received ?? []))).toEqual(['c']);
    expect(await drained(one.broker)).toEqual(['d']);
  });

  it('tells nobody of a lease of what another gateway has put in between, and gives it back', async () => {
    await publish(one.broker, 'before');
    await drained(one.broker);
    const { received } = await parked();
    let foreign: Write | undefined;
    one.plan((request) => {
      if (foreign !== undefined || !isHandOff(request)) return 'none';
      // The other's entry comes to the same segment just before.
      const entry = request.writes?.find(isEntry) as Extract<Write, { kind: 'create' }>;
      foreign = { ...entry, path: entry.path.replace(/\.[0-9a-z]+-$/, '.foreign00000-') };
      cluster.ensemble.apply([foreign]);
      return 'none';
    });
    const [published] = await publish(one.broker, 'a');
    const first = await received;
    expect(foreign).toBeDefined();
    const second = await receive(one.broker, { waitSeconds: 5 });
    const ids = [...first, ...second].map(({ id }) => id);
    expect(ids).toEqual(['foreign00000-0', published?.id]);
    expect([...first, ...second].map(({ deliveries }) => deliveries)).toEqual([1, 1]);
    expect(await drained(one.broker)).toEqual([]);
  });

  it.each(['answer-lost', 'request-lost'] as const)(
    'stores once and delivers once after a fate of %s',
    async (fate) => {
      await publish(one.broker, 'before');
      await drained(one.broker);
      const { received } = await parked();
      let lost = false;
      one.plan((request) => {
        if (lost || !isHandOff(request)) return 'none';
        lost = true;
        return fate;
      });
      await publish(one.broker, 'a');
      const got = await received;
      expect(lost).toBe(true);
      expect(texts(got)).toEqual(['a']);
      expect(await ack(one.broker, ...got.map(({ receipt }) => receipt))).toEqual(['ok']);
      expect(await drained(one.broker)).toEqual([]);
    },
  );

  it.each([
    ['takes for good', { autoAck: true }],
    ['may repeat itself', { attemptId: 'again' }],
  ])('leaves to a round, in its turn, a receive that %s', async (_what, request) => {
    await publish(one.broker, 'before');
    await drained(one.broker);
    const special = await parked(request);
    const plain = await parked();
    let handedOff = false;
    one.plan((asked) => {
      handedOff ||= isHandOff(asked);
      return 'none';
    });
    await publish(one.broker, 'a');
    expect(texts(await special.received)).toEqual(['a']);
    expect(handedOff).toBe(false);
    await quiet(one);
    await publish(one.broker, 'b');
    expect(texts(await plain.received)).toEqual(['b']);
    expect(handedOff).toBe(true);
  });
});
