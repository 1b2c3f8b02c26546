/**
 * Acts of the API, each tried with one of its store calls in trouble, for every call in turn. What must come out is
 * learnt from the acts themselves, done one after the other with nothing going wrong: an act that was answered has the
 * result and the effect of one of these orders, one that was refused has no effect, and of one whose outcome is unknown
 * all was done or nothing. The effect is all that the API shows, everything that can be received in the end included.
 */

import type { Broker, Resource, ResourceKind, SubscriptionRef, TopicRef } from '../../src/queue/index.ts';
import { BrokerError } from '../../src/queue/index.ts';
import type { Adversity } from './adversities.ts';
import {
  type Engine,
  EngineCluster,
  type EngineOptions,
  patienceMs,
  staying,
  textMessage,
} from './engine-fixture.ts';
import { HurriedTimers } from './hurried-timers.ts';
import { type StoreCall, type Trouble, TroubledStore } from './troubled-store.ts';

export interface Scenario<Prepared = unknown> {
  readonly name: string;
  prepare(broker: Broker, cluster: EngineCluster): Promise<Prepared>;
  /** What is tried. Its result must be plain data that does not differ from run to run. */
  act(broker: Broker, prepared: Prepared): Promise<unknown>;
  /** It takes several commits: when its outcome is unknown, a part may have been done. */
  readonly inSteps?: true;
  /** What others may do at the same moment. */
  readonly rivals?: readonly Rival[];
}

export interface Rival {
  readonly name: string;
  act(broker: Broker): Promise<unknown>;
  /** What it does next; what it comes upon may see the one without the other. */
  readonly thereafter?: (broker: Broker) => Promise<unknown>;
}

/** Keeps the types of one scenario together, and apart from those of others. */
export const scenario = <Prepared>(made: Scenario<Prepared>): Scenario => made as Scenario;

interface Ending {
  /** The act's result, or the code that it was refused with. */
  readonly result: unknown;
  /** What can be seen afterwards. */
  readonly effect: unknown;
}

interface Expected {
  readonly done: readonly Ending[];
  readonly nothing: readonly unknown[];
  /** How many calls the act makes when nothing goes wrong. */
  readonly calls: number;
}

/** Small, so that segments are sealed and trimmed under way. */
const segmentLimits = { entries: 3, messages: 100, bytes: 1024 * 1024 };
const AT_ONCE = 8;
const HOURS_MS = 3 * 3_600_000;

/** Tries the act with each of its calls in that trouble, on an ensemble of its own each time. */
export async function underAdversities(tried: Scenario, adversities: readonly Adversity[]): Promise<void> {
  for (const concerns of new Set(adversities.map((adversity) => adversity.concerns ?? any))) {
    const expected = await expectedOf(tried, undefined, concerns);
    const those = adversities.filter((adversity) => (adversity.concerns ?? any) === concerns);
    await inParallel(
      those.flatMap((adversity) => eachOf(expected.calls, (nth) => tryOnce(tried, nth, adversity, expected))),
    );
  }
}

/** Tries the act with a rival's coming first at each of its calls. */
export async function againstRival(tried: Scenario, rival: Rival): Promise<void> {
  const expected = await expectedOf(tried, rival, any);
  const adversity = comingFirst(rival);
  await inParallel(eachOf(expected.calls, (nth) => tryOnce(tried, nth, adversity, expected)));
}

/** What the rival does is done, to its end, before the call arrives. */
function comingFirst({ name, act, thereafter }: Rival): Adversity {
  return {
    name,
    outcome: 'heals',
    async make(cluster) {
      const { broker } = await cluster.start({ segmentLimits });
      let acting = Promise.resolve();
      return {
        trouble(run, _call, store) {
          acting = unlessRefused(act(broker)).then(() => unlessRefused(thereafter?.(broker)));
          store.standStill(acting);
          return store.inTurn(run);
        },
        mend: () => acting,
      };
    },
  };
}

async function unlessRefused(act: Promise<unknown> | undefined): Promise<void> {
  try {
    await act;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
  }
}

const any = (_call: StoreCall) => true;

const eachOf = (count: number, attempt: (nth: number) => Promise<void>) =>
  Array.from({ length: count }, (_, nth) => () => attempt(nth));

/** Several at once, since they mostly wait. */
async function inParallel(attempts: (() => Promise<void>)[]): Promise<void> {
  const left = attempts.values();
  const work = async () => {
    for (const attempt of left) await attempt();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function tryOnce(
  tried: Scenario,
  nth: number,
  adversity: Adversity,
  expected: Expected,
): Promise<void> {
  return inCluster(tried, async ({ engine, store, timers, cluster, prepared }) => {
    const { trouble, mend } = await adversity.make(cluster);
    const hurrying: Trouble = (...args) => {
      if (adversity.lasts) timers.hurry();
      return trouble(...args);
    };
    store.plan(nth, hurrying, adversity.concerns ?? any);
    const result = await Promise.race([resultOf(tried.act(engine.broker, prepared)), overdue()]);
    const met = store.seen > nth;
    store.heal();
    timers.rest();
    await mend?.();
    // In another order of things it may have needed fewer calls; then nothing has happened to it.
    if (!met) return;
    try {
      const effect = await effectOn(cluster, engine);
      if (isPartly(tried, result)) return;
      assertAsExpected({ result, effect }, expected, adversity.outcome);
    } catch (error) {
      throw new Error(`${tried.name}, call ${nth}: ${adversity.name}`, { cause: error });
    }
  });
}

async function overdue(): Promise<never> {
  await new Promise<void>((resolve) => setTimeout(resolve, patienceMs).unref());
  throw new Error('it was never answered');
}

interface Setting {
  readonly engine: Engine;
  readonly store: TroubledStore;
  readonly timers: HurriedTimers;
  readonly cluster: EngineCluster;
  readonly prepared: unknown;
}

async function inCluster<Value>(tried: Scenario, work: (setting: Setting) => Promise<Value>): Promise<Value> {
  const cluster = new EngineCluster();
  try {
    let store!: TroubledStore;
    const wrap: EngineOptions['wrap'] = (inner) => {
      store = new TroubledStore(inner);
      return store.store;
    };
    const timers = new HurriedTimers();
    const engine = await cluster.start({ segmentLimits, timers, wrap });
    const prepared = await tried.prepare(engine.broker, cluster);
    return await work({ engine, store, timers, cluster, prepared });
  } finally {
    await cluster.close();
  }
}

/** The endings of all orders in which the act and its rival may come one after the other. */
async function expectedOf(
  tried: Scenario,
  rival: Rival | undefined,
  concerns: (call: StoreCall) => boolean,
): Promise<Expected> {
  let calls = 0;
  const steps = [rival?.act.bind(rival), rival?.thereafter].filter((step) => step !== undefined);
  /** @param at how many of the rival's steps come before the act */
  const run = (at: number | undefined): Promise<Ending> =>
    inCluster(tried, async ({ engine, store, cluster, prepared }) => {
      const other = rival && (await cluster.start({ segmentLimits }));
      let result: unknown;
      for (let index = 0; index <= steps.length; index += 1) {
        if (index === at) {
          store.plan(Number.POSITIVE_INFINITY, (goOn) => goOn(), concerns);
          result = await resultOf(tried.act(engine.broker, prepared));
          calls = Math.max(calls, store.seen);
          store.heal();
        }
        const step = steps[index];
        if (step !== undefined) await unlessRefused(step((other as Engine).broker));
      }
      return { result, effect: await effectOn(cluster, engine) };
    });
  const done = await Promise.all([...steps.keys(), steps.length].map(run));
  const { effect } = await run(undefined);
  return { done, nothing: [effect], calls };
}

async function resultOf(act: Promise<unknown>): Promise<unknown> {
  try {
    return (await act) ?? null;
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
    return { refused: error.code };
  }
}

const codeOf = (result: unknown) => (result as { refused?: string } | null)?.refused;

const isPartly = ({ inSteps }: Scenario, result: unknown) =>
  inSteps === true && codeOf(result) === 'outcome-unknown';

function assertAsExpected(ending: Ending, { nothing, done }: Expected, outcome: Adversity['outcome']): void {
  const code = codeOf(ending.result);
  if (outcome !== 'heals' && (code === 'unavailable' || code === 'store-full'))
    assertOneOf(ending.effect, nothing);
  else if (outcome === 'leaves' && code === 'outcome-unknown') {
    assertOneOf(ending.effect, [...nothing, ...done.map(({ effect }) => effect)]);
  } else assertOneOf(ending, done);
}

function assertOneOf(actual: unknown, allowed: readonly unknown[]): void {
  const text = JSON.stringify(actual);
  const texts = allowed.map((each) => JSON.stringify(each));
  if (!texts.includes(text)) {
    throw new Error(`came out was\n  ${text}\nallowed is\n  ${[...new Set(texts)].join('\n  ')}`);
  }
}

/** All that the API shows at a gateway that is new, and whether the one that was in trouble works as ever. */
async function effectOn(cluster: EngineCluster, engine: Engine): Promise<unknown> {
  const { broker } = await cluster.start({ segmentLimits });
  const { seen, targets, sources } = await viewOf(broker);
  cluster.advance(HOURS_MS);
  const left: unknown[] = [];
  for (const source of sources) left.push([source, await drained(broker, source)]);
  const works: unknown[] = [];
  const end = textMessage('the end', { delaySeconds: 0 });
  for (const target of targets) await engine.broker.publish(target, [end], staying());
  for (const source of sources) works.push(await drained(engine.broker, source));
  return { seen, left, works };
}

async function viewOf(broker: Broker) {
  const seen: unknown[] = [];
  const targets: TopicRef[] = [];
  const sources: SubscriptionRef[] = [];
  const note = (kind: ResourceKind, { name, config, stats }: Resource<unknown>) => {
    const { oldestMessageAgeSeconds: _, ...counts } = stats;
    seen.push([kind, name, config, counts]);
  };
  for (const kind of ['queue', 'topic'] as const) {
    for (const item of (await broker.list(kind, { limit: 100 }, staying())).items) {
      const { name } = item;
      note(kind, item);
      targets.push({ kind, name });
      if (kind === 'queue') sources.push({ kind, name });
      else {
        const { items } = await broker.list('subscription', { limit: 100, topic: name }, staying());
        for (const each of items) note('subscription', each);
        sources.push(...items.map((each) => ({ kind, name, subscription: each.name }) as const));
      }
    }
  }
  for (const source of sources) {
    const { items } = await broker.peek(source, { limit: 100 }, staying());
    seen.push(
      items.map((item) => [item.body.toString(), item.state, item.deliveries, item.deadLetter?.reason]),
    );
  }
  return { seen, targets, sources };
}

async function drained(broker: Broker, source: SubscriptionRef): Promise<unknown[]> {
  const all: unknown[] = [];
  for (;;) {
    const request = { max: 100, waitSeconds: 0, autoAck: true };
    const { messages } = await broker.receive(source, request, staying());
    if (messages.length === 0) return all;
    all.push(...messages.map((message) => [message.body.toString(), message.deliveries]));
  }
}
