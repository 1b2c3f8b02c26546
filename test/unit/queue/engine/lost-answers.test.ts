/**
 * A write whose answer was lost, while others go on: what they did in the meantime must not be taken for its outcome.
 * The gateway's connection is cut after its write took effect, and comes back when the others are done.
 */
import { describe, expect, it } from 'vitest';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  jobs,
  plainQueue,
  publish,
  receive,
  settle,
  staying,
  until,
} from '../../../support/engine-fixture.ts';
import type { MemoryRequest } from '../../../support/memory-store.ts';
import { cluster, one, two, useTwoEngines } from '../../../support/two-engines.ts';

useTwoEngines();

const isCommit = ({ kind }: MemoryRequest) => kind === 'commit';

/** Cuts the connection of the engine's next commit, applied or not, and leaves it cut. */
async function cutOff<Result>(
  { plan, store }: Engine,
  inFlight: 'applied' | 'dropped',
  act: () => Promise<Result>,
): Promise<{ outcome: Promise<Result>; reconnect: () => void }> {
  const cut = new Promise<void>((resolve) => {
    plan((request) => {
      if (!isCommit(request)) return 'none';
      plan(() => 'none');
      queueMicrotask(() => {
        store.disconnect(inFlight);
        resolve();
      });
      return 'none';
    });
  });
  const outcome = act();
  outcome.catch(() => {});
  await cut;
  return { outcome, reconnect: () => store.connect() };
}

describe('a publish whose answer was lost', () => {
  it('is not stored again when others have taken and acked the message meanwhile', async () => {
    await publish(one.broker, 'before');
    const { outcome, reconnect } = await cutOff(one, 'applied', () => publish(one.broker, 'a'));
    const messages = await receive(two.broker, { max: 10 });
    expect(messages).toHaveLength(2);
    await ack(two.broker, ...messages.map(({ receipt }) => receipt));
    reconnect();
    expect(await outcome).toEqual([{ id: messages[1]?.id }]);
    expect(await drained(two.broker)).toEqual([]);
  });

  it.each(['first', 'one in the middle'])(
    'is not stored again when its segment (the %s) has been trimmed meanwhile',
    async (which) => {
      if (which !== 'first') {
        await publish(two.broker, 'stuck');
        await receive(two.broker, { leaseSeconds: 3_600 });
        for (let entry = 0; entry < 127; entry += 1) await publish(two.broker, 'filling');
      }
      // From here on it knows the open segment, so that the next write is the one that counts.
      await publish(one.broker, 'known');
      const { outcome, reconnect } = await cutOff(one, 'applied', () => publish(one.broker, 'a'));
      for (let entry = 0; entry < 16; entry += 1) await publish(two.broker, 'after');
      const texts = await drained(two.broker);
      expect(texts.filter((text) => text === 'a')).toHaveLength(1);
      const segment = which === 'first' ? '/log/0/0000000000/' : '/log/0/0000000001/';
      await until(
        () => !cluster.ensemble.paths.some((path) => path.includes(segment)),
        'the entries are gone',
      );
      reconnect();
      // That it was stored can no longer be told from the tree; that it was not must not be claimed.
      await outcome.catch((error: unknown) => expect(error).toMatchObject({ code: 'outcome-unknown' }));
      expect(await drained(two.broker)).toEqual([]);
    },
  );
});

describe('a delete whose answer was lost', () => {
  it('does not delete the queue that others have made of the same name meanwhile', async () => {
    const { outcome, reconnect } = await cutOff(one, 'applied', () => one.broker.delete(jobs, {}, staying()));
    expect((await createQueue(two.broker)).created).toBe(true);
    await publish(two.broker, 'new');
    reconnect();
    await outcome;
    expect(await drained(two.broker)).toEqual(['new']);
    expect(await drained(one.broker)).toEqual([]);
  });
});

describe('a change of configuration whose answer was lost', () => {
  it('is not said to be refused when it took effect and others have changed it again since', async () => {
    const { etag } = (await one.broker.get(jobs, staying())) ?? {};
    const change = () =>
      one.broker.put(jobs, { ...plainQueue, leaseSeconds: 7 }, { ifMatch: [etag] }, staying());
    const { outcome, reconnect } = await cutOff(one, 'applied', change);
    await createQueue(two.broker, { leaseSeconds: 8 });
    reconnect();
    const code = await outcome.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
    expect(['ok', 'outcome-unknown']).toContain(code);
    expect((await two.broker.get(jobs, staying())).config.leaseSeconds).toBe(8);
  });
});

describe('a purge whose answer was lost', () => {
  it('has purged what was stored before it, though another purge ran at the same time', async () => {
    await publish(two.broker, 'a');
    const { outcome, reconnect } = await cutOff(one, 'dropped', () => one.broker.purge(jobs, staying()));
    await two.broker.purge(jobs, staying());
    await publish(two.broker, 'after the other purge');
    reconnect();
    await outcome;
    const left = await drained(two.broker);
    expect(left.length).toBeLessThanOrEqual(1);
    expect(left).not.toContain('a');
  });
});

describe('settling whose answer was lost', () => {
  it.each(['applied', 'dropped'] as const)(
    'tells the truth though the segment has gone meanwhile (%s)',
    async (inFlight) => {
      for (let entry = 0; entry < 16; entry += 1) await publish(one.broker, `${entry}`);
      const [first, ...rest] = await receive(one.broker, { max: 16 });
      await ack(one.broker, ...rest.map(({ receipt }) => receipt));
      const { outcome, reconnect } = await cutOff(one, inFlight, () => ack(one.broker, first?.receipt ?? ''));
      expect(await ack(two.broker, first?.receipt ?? '')).toEqual(['ok']);
      reconnect();
      const answer = await outcome.catch((error: { code: string }) => [error.code]);
      expect(['ok', 'outcome-unknown']).toContain(answer[0]);
      expect(await drained(two.broker)).toEqual([]);
    },
  );

  it.each(['applied', 'dropped'] as const)(
    'tells the truth though the message has been given to somebody else meanwhile (%s)',
    async (inFlight) => {
      await publish(one.broker, 'a');
      const [held] = await receive(one.broker);
      const give = () => settle(one.broker, { kind: 'nack', delaySeconds: 0 }, held?.receipt ?? '');
      const { outcome, reconnect } = await cutOff(one, inFlight, give);
      cluster.advance(60_000);
      const [next] = await receive(two.broker);
      expect(next?.deliveries).toBe(2);
      reconnect();
      expect(await outcome).toEqual([inFlight === 'applied' ? 'ok' : 'lost']);
      expect(await ack(two.broker, next?.receipt ?? '')).toEqual(['ok']);
    },
  );
});

describe('a receive whose answer was lost', () => {
  it('gives what it leased, or leases anew, but never what somebody else has by now', async () => {
    await publish(one.broker, 'a', 'b');
    const { outcome, reconnect } = await cutOff(one, 'applied', () => receive(one.broker, { max: 1 }));
    const [other] = await receive(two.broker, { max: 1 });
    expect(other?.body.toString()).toBe('b');
    reconnect();
    const [own] = await outcome;
    expect(own?.body.toString()).toBe('a');
    expect(await ack(two.broker, own?.receipt ?? '', other?.receipt ?? '')).toEqual(['ok', 'ok']);
    expect(BigInt(own?.fencingToken ?? 0)).not.toBe(BigInt(other?.fencingToken ?? 0));
  });

  // Known to fail: the lease's transaction, and so its token, can't be told from a page that was written since.
  it('with autoAck loses no message, though others have written to the page since', async () => {
    await publish(one.broker, 'a', 'b');
    const { outcome, reconnect } = await cutOff(one, 'applied', () =>
      receive(one.broker, { max: 1, autoAck: true }),
    );
    const [other] = await receive(two.broker, { max: 1, autoAck: true });
    reconnect();
    const bodies = [other, ...(await outcome)].map((message) => message?.body.toString());
    expect(bodies.sort()).toEqual(['a', 'b']);
  });
});
