/** What is scheduled for later makes nothing else on its queue more expensive. FULL_BACKLOG=1 for 100,000 of them. */
import { expect, it } from 'vitest';
import {
  ack,
  createQueue,
  type Engine,
  EngineCluster,
  jobs,
  publish,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import { costOf, whenQuiet } from '../../../support/store-costs.ts';

const scheduled = process.env.FULL_BACKLOG === undefined ? 10_000 : 100_000;
const perRequest = 1_000;

/** Seconds from now, from one minute to one hour, in no order. */
const delayOf = (index: number) => 60 + ((index * 7_919) % 3_540);

async function schedule({ broker }: Engine): Promise<void> {
  for (let start = 0; start < scheduled; start += perRequest) {
    const messages = Array.from({ length: perRequest }, (_, index) =>
      textMessage(`later ${start + index}`, { delaySeconds: delayOf(start + index) }),
    );
    await broker.publish(jobs, messages, staying());
  }
}

/** Publishes, receives and acks one message, and receives nothing. */
async function costsOfEachVerb(engine: Engine, text: string) {
  await whenQuiet(engine);
  const published = await costOf(engine, () => publish(engine.broker, text));
  const received = await costOf(engine, () => receive(engine.broker));
  expect(received.result.map(({ body }) => body.toString())).toEqual([text]);
  const acked = await costOf(engine, () => ack(engine.broker, received.result[0]?.receipt ?? ''));
  expect(acked.result).toEqual(['ok']);
  const empty = await costOf(engine, () => receive(engine.broker));
  expect(empty.result).toEqual([]);
  const operations = ({ cost: { reads, writes } }: typeof published | typeof received | typeof acked) => ({
    reads,
    writes,
  });
  return {
    publish: operations(published),
    receive: operations(received),
    ack: operations(acked),
    empty: operations(empty),
  };
}

/** The median of each number over some rounds: now and then a watch is set in the background meanwhile. */
async function usualCosts(engine: Engine, text: string) {
  const rounds: Awaited<ReturnType<typeof costsOfEachVerb>>[] = [];
  for (let round = 0; round < 11; round += 1) rounds.push(await costsOfEachVerb(engine, `${text} ${round}`));
  const median = (numberOf: (round: (typeof rounds)[number]) => number) =>
    rounds.map(numberOf).sort((a, b) => a - b)[5];
  const usual = (verb: 'publish' | 'receive' | 'ack' | 'empty') => ({
    reads: median((round) => round[verb].reads),
    writes: median((round) => round[verb].writes),
  });
  return { publish: usual('publish'), receive: usual('receive'), ack: usual('ack'), empty: usual('empty') };
}

it(`with ${scheduled} messages scheduled over the next hour, publishing, receiving and acking cost what they cost without`, {
  timeout: 300_000,
}, async () => {
  const cluster = new EngineCluster();
  try {
    const engine = await cluster.start();
    await createQueue(engine.broker);
    await costsOfEachVerb(engine, 'what is read once is known from then on');
    const without = await usualCosts(engine, 'without');
    await schedule(engine);
    await costsOfEachVerb(engine, 'the first afterwards');
    expect(await usualCosts(engine, 'with')).toEqual(without);
    const once = { reads: 0, writes: 1 };
    expect(without).toMatchObject({ publish: once, receive: once, ack: once });
    const { stats } = await engine.broker.get(jobs, staying());
    expect(stats).toMatchObject({ messages: scheduled, ready: 0, leased: 0, delayed: scheduled });
  } finally {
    await cluster.close();
  }
});
