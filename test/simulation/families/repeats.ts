/**
 * What is repeated: transactions and publishes with an id, again at another gateway some milliseconds later, and again
 * when the window of the id has nearly passed or has. Repeats are told what the first was told, or the truth.
 */
import type { TransactionResult } from '../../../src/queue/index.ts';
import { Client, type Draft } from '../client.ts';
import { keyOf } from '../ledger.ts';
import { type Repeat, repeatViolations } from '../rules/repeats.ts';
import { PLAIN_QUEUE } from '../scenario.ts';
import type { Answer } from '../simulated-gateway.ts';
import type { World } from '../world.ts';
import type { Family } from './family.ts';

const FROM = { kind: 'queue', name: 'orders' } as const;
const TO = { kind: 'queue', name: 'parcels' } as const;
const NAMED = { kind: 'queue', name: 'letters' } as const;
const WINDOW_S = 4;
/** Longer than any window, transactions' too. */
const FORGET_MS = 1_000_000;

export const repeats: Family = {
  name: 'repeats',
  cluster: (chance) => ({
    gateways: chance.pick([2, 2, 3]),
    faults: chance.pick([0, 0, 1, 3]),
    thinkMs: chance.pick([1, 10]),
  }),
  stage: (world) => {
    const noted: Repeat[] = [];
    return {
      prepare: async () => {
        const client = new Client(world, 'preparation');
        await client.make(FROM, PLAIN_QUEUE);
        await client.make(TO, PLAIN_QUEUE);
        await client.make(NAMED, { ...PLAIN_QUEUE, dedupWindowSeconds: WINDOW_S });
      },
      clients: () => [
        feed(new Client(world, 'customer')),
        transact(new Client(world, 'first clerk'), noted),
        transact(new Client(world, 'second clerk'), noted),
        name(new Client(world, 'writer'), noted),
      ],
      end: async () => {
        const client = new Client(world, 'the end');
        await world.time.sleep(FORGET_MS);
        const taken = [...(await client.takeAll(TO)), ...(await client.takeAll(NAMED))];
        const visible = taken.map((message) => ({ key: keyOf(message), message: message.id }));
        const isExact = world.scenario.faults === 0;
        return [...repeatViolations(noted, visible, isExact), ...(await leftIds(client))];
      },
    };
  },
};

async function feed(client: Client): Promise<void> {
  for (let step = 0; step < 40; step += 1) {
    await client.next();
    await client.publish(FROM, [draftOf(client.newKey())]);
  }
}

async function transact(client: Client, noted: Repeat[]): Promise<void> {
  const { chance, world } = client;
  for (let step = 0; step < 20; step += 1) {
    await client.next();
    const [message] = await client.receive(FROM, { waitSeconds: 1, leaseSeconds: chance.pick([0.3, 3]) });
    if (message === undefined) continue;
    if (chance.happens(0.1)) await client.settle(FROM, { kind: 'ack' }, [message.receipt]);
    const id = client.newKey();
    const publishes = [{ target: TO, drafts: [draftOf(id)] }];
    const once = async (afterMs: number) => {
      await world.time.sleep(afterMs);
      const askedMs = world.time.nowMs;
      const answer = await client.transact(FROM, message.receipt, publishes, id);
      const told = { id, askedMs, toldMs: world.time.nowMs, windowMs: 300_000, kind: 'transaction' } as const;
      noted.push({ ...told, outcome: answer.kind, ...idsOf(answer) });
    };
    await Promise.all([once(0), once(chance.around(6)), ...(chance.happens(0.3) ? [once(500)] : [])]);
  }
}

async function name(client: Client, noted: Repeat[]): Promise<void> {
  const { chance, world } = client;
  const publish = async (id: string, afterMs: number) => {
    await world.time.sleep(afterMs);
    const askedMs = world.time.nowMs;
    const answer = await client.publish(NAMED, [{ ...draftOf(id), dedupId: id }]);
    const told = {
      id,
      askedMs,
      toldMs: world.time.nowMs,
      windowMs: WINDOW_S * 1_000,
      kind: 'publish',
    } as const;
    const message = answer.kind === 'done' ? { message: answer.value[0]?.id ?? '' } : {};
    noted.push({ ...told, outcome: answer.kind, ...message });
  };
  const later: Promise<void>[] = [];
  for (let step = 0; step < 25; step += 1) {
    await client.next();
    const id = client.newKey();
    await Promise.all([publish(id, 0), publish(id, chance.around(6))]);
    if (chance.happens(0.6))
      later.push(publish(id, chance.pick([0.5, 0.9, 1.1, 1.5, 2.5]) * WINDOW_S * 1_000));
  }
  await Promise.all(later);
}

function draftOf(key: string): Draft {
  return { key, attributes: {}, priority: 0 };
}

function idsOf(answer: Answer<TransactionResult>): Pick<Repeat, 'message' | 'code'> {
  if (answer.kind === 'refused') return { code: answer.code };
  return answer.kind === 'done' ? { message: answer.value.publishes[0]?.messages[0]?.id ?? '' } : {};
}

/** Ids are forgotten: of what is long past no span is left once somebody has begun a new one. */
async function leftIds(client: Client): Promise<string[]> {
  const { world } = client;
  const key = client.newKey();
  await client.publish(FROM, [draftOf(key)]);
  const [message] = await client.receive(FROM, { leaseSeconds: 60 });
  if (message !== undefined) await client.transact(FROM, message.receipt, [], key);
  await client.publish(NAMED, [{ ...draftOf(key), dedupId: key }]);
  await world.time.sleep(60_000);
  return spansIn(world).flatMap(({ root, spans }) =>
    // That of now, and its neighbours when it is near the border.
    spans.length > 3 ? [`${spans.length} spans of ids are left in ${root}`] : [],
  );
}

function spansIn({ ensemble: { tree } }: World): { root: string; spans: readonly string[] }[] {
  const roots = ['/transactions', ...(tree.children('/data') ?? []).map((id) => `/data/${id}/dedup`)];
  return roots.map((root) => ({ root, spans: tree.children(root) ?? [] }));
}
