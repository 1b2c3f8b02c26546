/** A receipt that comes to a gateway before its server has the message: nothing wrong is learnt from that. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../../src/queue/zookeeper/store.ts';
import {
  ack,
  createQueue,
  drained,
  type Engine,
  EngineCluster,
  jobs,
  receive,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';
import type { MemoryStore } from '../../../support/memory-store.ts';

const LEVEL = 2;
/** A second segment follows after so many messages. */
const LIMITS = { entries: 128, messages: 4, bytes: 4 * 1024 * 1024 };
/** The log of the level, and the pages of its segments. */
const OF_LEVEL = new RegExp(`/log/${LEVEL}(/|$)|/${LEVEL}-[0-9]{10}$`);

let cluster: EngineCluster;
let one: Engine;
let behind: Engine;
/** Whether the server of `behind` lacks all of the level. A barrier ends that. */
let lacksLevel: boolean;
let withheld: string[];

function lacking(store: MemoryStore): Store {
  const isMissing = (path: string): boolean => {
    const isIt = lacksLevel && OF_LEVEL.test(path);
    if (isIt) withheld.push(path);
    return isIt;
  };
  return new Proxy<Store>(store, {
    get: (_, key) => {
      if (key === 'barrier') {
        const barrier: Store['barrier'] = (options) => {
          lacksLevel = false;
          return store.barrier(options);
        };
        return barrier;
      }
      const value: unknown = Reflect.get(store, key, store);
      if (typeof value !== 'function') return value;
      if (key !== 'read' && key !== 'stat' && key !== 'list') return value.bind(store);
      return (path: string, ...rest: unknown[]) =>
        isMissing(path) ? Promise.resolve(undefined) : value.call(store, path, ...rest);
    },
  });
}

beforeEach(async () => {
  cluster = new EngineCluster();
  lacksLevel = false;
  withheld = [];
  one = await cluster.start({ segmentLimits: LIMITS });
  behind = await cluster.start({ wrap: lacking, segmentLimits: LIMITS });
  await createQueue(one.broker, { priorities: LEVEL + 1 });
  expect(await receive(behind.broker)).toEqual([]);
});
afterEach(() => cluster.close());

describe('a receipt of a segment that the server does not have yet', () => {
  it('counts, and what else is in the segment is given out there too', async () => {
    lacksLevel = true;
    const publish = async (...texts: string[]) => {
      const messages = texts.map((text) => textMessage(text, { priority: LEVEL }));
      await one.broker.publish(jobs, messages, staying());
    };
    await publish('0', '1');
    const [first] = await receive(one.broker, { max: 1 });
    expect(await ack(behind.broker, first?.receipt ?? '')).toEqual(['ok']);
    expect(withheld).not.toEqual([]);
    await publish('2', '3');
    await publish('4');
    await publish('5');
    expect(await drained(behind.broker)).toEqual(['1', '2', '3', '4', '5']);
  });
});
