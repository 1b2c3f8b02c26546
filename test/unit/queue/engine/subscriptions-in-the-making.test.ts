/** A subscription that is made, changed or deleted while its topic is trimmed or deleted: one comes before the other. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Resource, SubscriptionConfig } from '../../../../src/queue/index.ts';
import type { Store, Write } from '../../../../src/queue/zookeeper/store.ts';
import {
  type Engine,
  EngineCluster,
  plainQueue,
  staying,
  textMessage,
  until,
} from '../../../support/engine-fixture.ts';
import type { MemoryStore } from '../../../support/memory-store.ts';
import { whenQuiet } from '../../../support/store-costs.ts';

const news = { kind: 'topic', name: 'news' } as const;
const dead = { kind: 'queue', name: 'dead' } as const;
const late = { kind: 'subscription', topic: 'news', name: 'late' } as const;
const early = { kind: 'subscription', topic: 'news', name: 'early' } as const;
const topicConfig = { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 };
const config: SubscriptionConfig = { leaseSeconds: 30, ordering: 'none', startFrom: 'earliest' };
const toDead: SubscriptionConfig = { ...config, deadLetterQueue: 'dead' };

let cluster: EngineCluster;
let one: Engine;
let two: Engine;
/** What comes before the first commit of the first gateway that it speaks of. */
let before: { readonly isMeant: (writes: readonly Write[]) => boolean; act(): Promise<unknown> } | undefined;

function interrupted(store: MemoryStore): Store {
  return new Proxy<Store>(store, {
    get: (_, key) => {
      if (key === 'commit') {
        const commit: Store['commit'] = async (writes, options) => {
          const now = before;
          if (now?.isMeant(writes)) {
            before = undefined;
            await now.act();
          }
          return store.commit(writes, options);
        };
        return commit;
      }
      const value: unknown = Reflect.get(store, key, store);
      return typeof value === 'function' ? value.bind(store) : value;
    },
  });
}

const isDeletion = (writes: readonly Write[]) => writes.some(({ path }) => path.startsWith('/trash/'));
const isTrimming = (writes: readonly Write[]) =>
  writes.some(({ kind, path }) => kind === 'delete' && /\/log\/0\/\d+\/\d+\./.test(path));
const isMaking = (writes: readonly Write[]) =>
  writes.some(({ kind, path }) => kind === 'create' && path.endsWith('/subscriptions/late'));

const put = ({ broker }: Engine, ref: typeof late | typeof early, next = config) =>
  broker.put(ref, next, {}, staying()) as Promise<{ resource: Resource<SubscriptionConfig> }>;
const remove = ({ broker }: Engine, ref: Parameters<Engine['broker']['delete']>[0]) =>
  broker.delete(ref, {}, staying());
const take = async ({ broker }: Engine, subscription: string) => {
  const { messages } = await broker.receive(
    { ...news, subscription },
    { max: 100, waitSeconds: 0, autoAck: true },
    staying(),
  );
  return messages.length;
};
/** Six messages in a segment that goes when it is finished. */
const publishSix = async () => {
  for (let number = 0; number < 6; number += 1)
    await one.broker.publish(news, [textMessage(`${number}`)], staying());
};

/** As the version before made it: nobody has ever changed the node that stands for the set of subscriptions. */
async function asMadeBefore(): Promise<void> {
  const path = cluster.ensemble.paths.filter((each) => each.endsWith('/subscriptions')).at(-1) ?? '';
  const data = Buffer.alloc(0);
  await two.store.commit([
    { kind: 'delete', path, version: -1 },
    { kind: 'create', path, data },
  ]);
}

beforeEach(async () => {
  cluster = new EngineCluster();
  before = undefined;
  one = await cluster.start({ wrap: interrupted });
  two = await cluster.start();
  await two.broker.put(dead, plainQueue, {}, staying());
  await two.broker.put(news, topicConfig, {}, staying());
});
afterEach(() => cluster.close());

describe.each(['this version', 'the version before'])('of a topic that %s has made', (version) => {
  beforeEach(async () => {
    if (version === 'the version before') await asMadeBefore();
  });

  describe('when the topic is deleted', () => {
    /** Nothing speaks against deleting the dead-letter queue any more. */
    const expectNoLink = async () => {
      await expect(put(two, late)).rejects.toMatchObject({ code: 'not-found' });
      await remove(two, dead);
      await until(() => cluster.ensemble.paths.every((path) => !path.includes('/sources')), 'all is removed');
    };

    it('as one with dead letters is made, no link stays', async () => {
      before = { isMeant: isDeletion, act: () => put(two, late, toDead) };
      await remove(one, news);
      await expectNoLink();
    });

    it('as one comes to have dead letters, no link stays', async () => {
      await put(two, late);
      before = { isMeant: isDeletion, act: () => put(two, late, toDead) };
      await remove(one, news);
      await expectNoLink();
    });

    it('as one with dead letters is deleted, no link stays', async () => {
      await put(two, late, toDead);
      before = { isMeant: isDeletion, act: () => remove(two, late) };
      await remove(one, news);
      await expectNoLink();
    });

    it('before one with dead letters is made, that is refused and has changed nothing', async () => {
      before = { isMeant: isMaking, act: () => remove(two, news) };
      await expect(put(one, late, toDead)).rejects.toMatchObject({ code: 'not-found' });
      await expectNoLink();
    });
  });

  it('when a segment is trimmed as one is made, it gets what it counts', async () => {
    await put(two, early);
    await publishSix();
    let made: Resource<SubscriptionConfig> | undefined;
    before = {
      isMeant: isTrimming,
      act: async () => {
        ({ resource: made } = await put(two, late));
      },
    };
    expect(await take(one, 'early')).toBe(6);
    await until(() => made !== undefined, 'a segment is about to go');
    await whenQuiet(one);
    expect(made?.stats.messages).toBe(6);
    expect(await take(two, 'late')).toBe(6);
    await until(async () => {
      const { stats } = await one.broker.get(news, staying());
      return stats.messages === 0;
    }, 'the segment goes when both have finished it');
  });
});

it('a link that the version before has left does not keep the dead-letter queue', async () => {
  await put(two, late, toDead);
  const link = cluster.ensemble.paths.find((path) => /\/sources\/.+~late$/.test(path)) ?? '';
  await remove(two, news);
  await two.store.commit([{ kind: 'create', path: link, data: Buffer.alloc(0) }]);
  await remove(two, dead);
});

it('a link of a subscription that is there does keep it', async () => {
  await put(two, late, toDead);
  await expect(remove(two, dead)).rejects.toMatchObject({ code: 'conflict' });
  await remove(two, late);
  await remove(two, dead);
});
