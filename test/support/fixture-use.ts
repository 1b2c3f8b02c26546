/** Goes on with a tree that an earlier version wrote, at a gateway of this one, and holds it against what that one said. */
import { expect } from 'vitest';
import {
  ATTEMPT,
  asker,
  DEDUPLICATED,
  DELAYED_SECONDS,
  HELD_SECONDS,
  look,
  type Message,
  TRANSACTION,
  takeAll,
} from './every-use.ts';
import type { WrittenTree } from './written-tree.ts';

type Published = { readonly messages: readonly { id: string; duplicate?: true }[] };

const idsOf = (messages: readonly Message[]) => messages.map(({ id }) => id);

/** Configurations, statistics and messages are as that version said, and in its order. */
export async function expectAsSaid(url: string, { said }: WrittenTree): Promise<void> {
  const found = await look(url);
  expect(Object.keys(found.resources)).toEqual(Object.keys(said.resources));
  expect(found.resources).toMatchObject(said.resources);
  expect(found.messages).toMatchObject(said.messages);
}

/** What runs out with time has not yet: what was given out is known. */
export async function expectPromisesKept(url: string, { said }: WrittenTree): Promise<void> {
  const ask = asker(url);
  const receive = { attemptId: ATTEMPT, leaseSeconds: HELD_SECONDS };
  const repeated = await ask<{ messages: Message[] }>('POST', '/queues/held/messages/receive', receive);
  expect(repeated.messages).toMatchObject([said.held]);
  expect(await ask('POST', '/queues/held/messages/ack', { receipts: [said.held.receipt] })).toMatchObject({
    results: [{ outcome: 'ok' }],
  });
  const again = await ask<Published>('POST', '/queues/plain/messages', { messages: [DEDUPLICATED] });
  expect(again.messages).toEqual([{ id: said.deduplicated, duplicate: true }]);
  expect(await ask('POST', '/transactions', TRANSACTION)).toEqual({ ...said.transaction, duplicate: true });
}

/**
 * When every delay and lease is over: each message arrives once, in its order where one is promised; dead letters move.
 *
 * @param acked ids of what is not there any more
 */
export async function expectAllArrives(
  url: string,
  { said }: WrittenTree,
  acked: readonly string[] = [],
): Promise<void> {
  const ask = asker(url);
  const dead = said.messages['/queues/dead'] ?? [];
  const letters = dead.filter((message) => 'deadLetter' in message);
  expect(letters).not.toEqual([]);
  const { moved } = await ask<{ moved: number }>('POST', '/queues/dead/redrive');
  expect(moved).toBe(letters.length);
  const redriven = (await look(url)).messages;
  for (const [path, messages] of Object.entries(said.messages)) {
    if (/^\/topics\/[^/]+$/.test(path)) continue;
    const expected = idsOf(messages).filter((id) => !acked.includes(id));
    // Those that were moved are others' by now.
    const isMoved = letters.length > 0 && /^\/queues\/(?:dead|orders)$/.test(path);
    const taken = await takeAll(url, path);
    if (isMoved) expect(taken.sort()).toEqual(idsOf(redriven[path] ?? []).sort());
    else expect(taken.toSorted()).toEqual(expected.toSorted());
    if (path === '/queues/options') expect(taken).toEqual(expected);
  }
  const { resources } = await look(url);
  for (const [path, { stats }] of Object.entries(resources)) {
    if (!/^\/topics\/[^/]+$/.test(path)) expect({ path, stats }).toMatchObject({ stats: { messages: 0 } });
  }
}

export { DELAYED_SECONDS, HELD_SECONDS };
