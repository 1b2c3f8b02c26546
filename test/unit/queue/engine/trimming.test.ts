/** What is done with leaves nothing in the tree, whoever did it, in whatever order, and whatever went wrong before. */
import { describe, expect, it } from 'vitest';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  jobs,
  publish,
  receive,
  staying,
  until,
} from '../../../support/engine-fixture.ts';
import { cluster, one, two, useTwoEngines } from '../../../support/two-engines.ts';

useTwoEngines();

const segments = () => cluster.ensemble.paths.filter((path) => /\/log\/0\/\d{10}$/.test(path));
const entries = () => cluster.ensemble.paths.filter((path) => path.includes('/log/0/') && path.includes('.'));
const pages = () => cluster.ensemble.paths.filter((path) => /\/cursor-\d+\//.test(path));

/** Sixteen entries: a segment that is no longer tiny. */
async function fill({ broker }: Engine, text = 'x'): Promise<void> {
  for (let entry = 0; entry < 16; entry += 1) await publish(broker, text);
}

async function takeAndAck({ broker }: Engine, max = 1000): Promise<void> {
  const messages = await receive(broker, { max });
  await ack(broker, ...messages.map(({ receipt }) => receipt));
}

const onlyTheOpenSegmentIsLeft = () =>
  until(
    () => segments().length === 1 && entries().length === 0 && pages().length === 0,
    'only the open segment is left',
  );

describe('a segment of which everything is acked', () => {
  it('goes, with its entries and its page, though it was not full', async () => {
    await fill(one);
    await takeAndAck(one);
    await onlyTheOpenSegmentIsLeft();
  });

  it('goes from the memory of the gateway that removes it', async () => {
    const { entryCache } = one.broker.telemetry;
    await fill(one);
    expect(entryCache.size.entries).toBe(16);
    await takeAndAck(one);
    await until(() => entryCache.size.entries === 0, 'the entries are forgotten');
  });

  it('goes when one gateway has taken and another has acked', async () => {
    for (let round = 0; round < 4; round += 1) {
      await fill(one);
      const messages = await receive(one.broker, { max: 1000 });
      await ack(two.broker, ...messages.map(({ receipt }) => receipt));
      await onlyTheOpenSegmentIsLeft();
    }
  });

  it('goes whichever gateway finishes it, turn by turn', async () => {
    for (let round = 0; round < 6; round += 1) {
      await fill(round % 3 === 0 ? two : one);
      await takeAndAck(round % 2 === 0 ? one : two);
      await onlyTheOpenSegmentIsLeft();
    }
  });

  it('goes in the middle of the log while a message before it is stuck, and all goes with that message', async () => {
    await publish(one.broker, 'stuck');
    const [stuck] = await receive(one.broker, { leaseSeconds: 3_600 });
    // The segment with the stuck message is filled up by bytes of others: it is sealed, and those are acked.
    for (let round = 0; round < 5; round += 1) {
      for (let entry = 0; entry < 128; entry += 1) await publish(one.broker, `${round}`);
      await takeAndAck(round % 2 === 0 ? one : two);
    }
    await until(() => entries().length < 2 * 128 + 1, 'the entries in the middle are gone');
    expect(await ack(two.broker, stuck?.receipt ?? '')).toEqual(['ok']);
    await fill(one);
    await takeAndAck(one);
    await onlyTheOpenSegmentIsLeft();
  });

  it.each(['unavailable', 'request-lost', 'answer-lost'] as const)(
    'goes in the end though its trimming failed (%s) and its gateway is gone',
    async (fault) => {
      await fill(one);
      one.plan(({ writes }) => (writes?.some(({ kind }) => kind === 'delete') ? fault : 'none'));
      await takeAndAck(one);
      await one.close();
      for (let round = 0; round < 3; round += 1) {
        await fill(two);
        await takeAndAck(two);
      }
      // What came while others were being trimmed is tiny, and may stay.
      await until(() => segments().length === 1 && entries().length < 16, 'hardly anything is left');
    },
  );

  it('goes only while there is one behind it: a log never loses its last segment', async () => {
    const isGuarded: boolean[] = [];
    one.plan(({ writes = [] }) => {
      const entry = writes.find(({ kind, path }) => kind === 'delete' && path.includes('.'))?.path;
      const [, before, number] = /^(.*\/log\/0\/)(\d{10})\//.exec(entry ?? '') ?? [];
      if (number === undefined) return 'none';
      const next = `${before}${String(Number(number) + 1).padStart(10, '0')}`;
      isGuarded.push(writes.some(({ kind, path }) => kind === 'check' && path === next));
      return 'none';
    });
    for (let round = 0; round < 3; round += 1) {
      await fill(one);
      await takeAndAck(one);
    }
    await until(() => isGuarded.length > 0, 'something is trimmed');
    expect(isGuarded).not.toContain(false);
  });

  it('goes in the end though the answer to its last ack was lost', async () => {
    await fill(one);
    const messages = await receive(one.broker, { max: 100 });
    let lost = 0;
    one.plan(({ kind }) => {
      lost += kind === 'commit' ? 1 : 0;
      return kind === 'commit' && lost === 1 ? 'answer-lost' : 'none';
    });
    await ack(one.broker, ...messages.map(({ receipt }) => receipt));
    one.plan(() => 'none');
    for (let round = 0; round < 3; round += 1) {
      await fill(two);
      await takeAndAck(two);
    }
    await onlyTheOpenSegmentIsLeft();
  });

  it('stays countable and listable in between: statistics are exact whatever was trimmed', async () => {
    await publish(one.broker, 'stuck');
    await receive(one.broker, { leaseSeconds: 3_600 });
    for (let round = 0; round < 3; round += 1) {
      for (let entry = 0; entry < 128; entry += 1) await publish(one.broker, `${round}`);
      await takeAndAck(two);
    }
    await fill(two, 'left');
    for (const { broker } of [one, two, await cluster.start()]) {
      const { stats } = await broker.get(jobs, staying());
      expect(stats).toMatchObject({
        messages: 17,
        ready: 16,
        leased: 1,
        bytes: 'stuck'.length + 16 * 'left'.length,
      });
      expect((await broker.peek(jobs, { limit: 100 }, staying())).items).toHaveLength(17);
    }
  });
});

describe('a receipt of a segment that is gone', () => {
  it('acks as ok, since the message is done, and is lost for everything else', async () => {
    await fill(one);
    const messages = await receive(one.broker, { max: 100 });
    const receipts = messages.map(({ receipt }) => receipt);
    await ack(one.broker, ...receipts);
    await onlyTheOpenSegmentIsLeft();
    expect(new Set(await ack(two.broker, ...receipts))).toEqual(new Set(['ok']));
    const given = await two.broker.settle(jobs, { kind: 'nack', delaySeconds: 0 }, receipts, staying());
    expect(new Set(given.map(({ outcome }) => outcome))).toEqual(new Set(['lost']));
  });
});

describe('deleting a queue', () => {
  it('leaves nothing in the tree but what was there before it, however much it held', async () => {
    await one.broker.delete(jobs, {}, staying());
    await until(
      () =>
        cluster.ensemble.children('/data')?.length === 0 && cluster.ensemble.children('/trash')?.length === 0,
      'the first is gone',
    );
    const before = cluster.ensemble.paths;
    await createQueue(one.broker);
    for (let round = 0; round < 3; round += 1) {
      for (let entry = 0; entry < 128; entry += 1) await publish(one.broker, 'x');
    }
    await receive(two.broker, { max: 10, attemptId: 'try' });
    await two.broker.delete(jobs, {}, staying());
    await until(() => cluster.ensemble.paths.join() === before.join(), 'the tree is as it was');
  });
});

describe('purging a queue', () => {
  it('removes what was stored, and the cursor that was in use', async () => {
    for (let entry = 0; entry < 300; entry += 1) await publish(one.broker, 'x');
    await receive(two.broker, { max: 200 });
    await two.broker.purge(jobs, staying());
    await until(() => entries().length === 0, 'the entries are gone');
    await until(() => pages().length === 0, 'the pages are gone');
    await fill(one);
    await takeAndAck(one);
    await onlyTheOpenSegmentIsLeft();
    expect(await drained(one.broker)).toEqual([]);
  });
});
