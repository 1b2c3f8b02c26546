/** The end of a run: with everything healed and at rest, what the gateways tell is compared with what is there. */
import type { Broker, Call, MessageState, Stats } from '../../src/queue/index.ts';
import { Client } from './client.ts';
import { SOURCE_NAMES } from './facts.ts';
import { keyOf } from './ledger.ts';
import { PLAIN_QUEUE } from './scenario.ts';
import { SOURCES, type SourceName, TARGETS, targetOf, VISITOR, type World } from './world.ts';

/** Longer than the longest delay and the longest lease. */
const REST_MS = 90_000;
/** Longer than what is left in the trash waits for. */
const TRASH_MS = 1_800_000;

/** Counts, drains and counts again. @returns what is wrong */
export async function endRun(world: World): Promise<string[]> {
  const client = new Client(world, 'the end');
  const found: string[] = [];
  await world.time.sleep(REST_MS);
  await client.must('making scratch', (broker, call) => broker.put(TARGETS.scratch, PLAIN_QUEUE, {}, call));
  const leave = (broker: Broker, call: Call) => broker.delete(VISITOR, {}, call);
  await world.ask(client.gateway, leave, { name: 'the visitor goes' });
  for (const source of SOURCE_NAMES) found.push(...(await drain(client, source)));
  await world.time.sleep(TRASH_MS);
  for (const source of SOURCE_NAMES) {
    const isEmpty = ({ messages, bytes }: Stats) => messages === 0 && bytes === 0;
    // What is past its end may be counted until a gateway comes across it, which a receive does.
    if (isMortal(world, source) && !isEmpty(await statsOf(client, source)))
      await client.receive(source, { leaseSeconds: 60 });
    const stats = await statsOf(client, source);
    const { messages, bytes } = stats;
    if (!isEmpty(stats))
      found.push(`${source} counts ${messages} messages of ${bytes} bytes when it is drained`);
  }
  // What a gateway left undone as it died goes with the next messages.
  if (leftovers(world).length > 0) await stir(client);
  return [...found, ...leftovers(world)];
}

/** Fills and empties what each queue and topic has at its end, so that its segments are looked at again. */
async function stir(client: Client): Promise<void> {
  const { entries } = client.world.scenario.segmentLimits;
  for (const target of ['work', 'dead', 'input', 'output', 'scratch', 'feed'] as const) {
    for (let count = 0; count < 2 * entries; count += 1)
      await client.publish(target, [{ key: client.newKey(), attributes: {}, priority: 0 }]);
  }
  await client.world.time.sleep(REST_MS);
  for (const source of SOURCE_NAMES) await drain(client, source);
  await client.world.time.sleep(REST_MS);
}

async function drain(client: Client, source: SourceName): Promise<string[]> {
  const stats = await statsOf(client, source);
  const peeked = await peekAll(client, source);
  const found: string[] = [];
  const ready = peeked.filter(({ state }) => state === 'ready').length;
  if (ready !== peeked.length) found.push(`${source} has messages that are leased or delayed, at rest`);
  const isRight = isMortal(client.world, source) ? stats.messages >= ready : stats.messages === ready;
  if (!isRight) found.push(`${source} counts ${stats.messages} messages while ${ready} can be seen`);
  const drained: string[] = [];
  for (;;) {
    const messages = await client.receive(source, { max: 50, leaseSeconds: 60 });
    const { kind, code } = client.world.ledger.receives.at(-1) ?? {};
    if (kind !== 'done') found.push(`a receive from ${source} was ${code ?? kind}, with nothing the matter`);
    if (messages.length === 0) break;
    drained.push(...messages.map(keyOf));
    const receipts = messages.map(({ receipt }) => receipt);
    const answer = await client.settle(source, { kind: 'ack' }, receipts);
    if (answer.kind !== 'done' || answer.value.some(({ outcome }) => outcome !== 'ok'))
      found.push(`${source} could not be drained: ${JSON.stringify(answer)}`);
  }
  const expected = peeked.map(({ key }) => key).sort();
  if (drained.sort().join() !== expected.join())
    found.push(`${source} showed [${expected}] and gave [${drained}]`);
  return found;
}

/** Some of its messages end by themselves. */
function isMortal({ ledger, scenario }: World, source: SourceName): boolean {
  const name = targetOf(source);
  if (name === 'work' && scenario.work.messageTtlSeconds !== undefined) return true;
  return ledger.publishes.some(
    ({ target, expiresInSeconds }) => target === name && expiresInSeconds !== undefined,
  );
}

async function peekAll(client: Client, source: SourceName): Promise<{ key: string; state: MessageState }[]> {
  const found: { key: string; state: MessageState }[] = [];
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? {} : { cursor };
    const page = await client.must(`peeking at ${source}`, (broker, call) =>
      broker.peek(SOURCES[source], { limit: 20, ...from }, call),
    );
    found.push(...page.items.map((message) => ({ key: keyOf(message), state: message.state })));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return found;
}

function statsOf(client: Client, source: SourceName): Promise<Stats> {
  const ref = SOURCES[source];
  return client.must(`statistics of ${source}`, async (broker, call) => {
    const resource =
      ref.kind === 'queue'
        ? await broker.get(ref, call)
        : await broker.get({ kind: 'subscription', topic: ref.name, name: ref.subscription }, call);
    return resource.stats;
  });
}

/** Nodes that nobody needs any more. */
function leftovers({ ensemble: { tree }, scenario }: World): string[] {
  const found: string[] = [];
  const trash = tree.children('/trash') ?? [];
  if (trash.length > 0) found.push(`the trash holds ${trash}`);
  const names = new Set(tree.children('/topics') ?? []);
  const incarnations = tree.children('/data') ?? [];
  if (incarnations.length !== names.size)
    found.push(`${incarnations.length} incarnations of ${names.size} queues and topics`);
  for (const id of incarnations) {
    const { name, levels } = incarnationOf(tree, id);
    if (name === 'news') continue;
    for (const level of levels) {
      const segments = tree.children(level) ?? [];
      const entries = segments.flatMap((segment) => tree.children(`${level}/${segment}`) ?? []);
      // A few acked messages stay in an open segment, and a segment more where the last was sealed before.
      const entriesMax = Math.max(16, scenario.segmentLimits.entries);
      if (segments.length > 2 || entries.length > entriesMax)
        found.push(`${name} keeps ${entries.length} entries in ${segments.length} segments`);
    }
  }
  return found;
}

function incarnationOf(tree: World['ensemble']['tree'], id: string): { name: string; levels: string[] } {
  const record = JSON.parse(tree.data(`/data/${id}`)?.toString() || '{}') as { name?: string };
  const levels = (tree.children(`/data/${id}/log`) ?? []).map((level) => `/data/${id}/log/${level}`);
  return { name: record.name ?? id, levels };
}
