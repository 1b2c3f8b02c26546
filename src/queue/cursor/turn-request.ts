/**
 * How a gateway that loses again and again asks the others for a turn. They always win, so they have no reason to look.
 *
 *     <cursor>/turn    the request
 *     <page>/turn      made and removed in the same commit
 *
 * What is made below a node counts in its stat (ZooKeeper's cversion), and the stat comes with the answer to every write
 * of the node. So a winner is told with its next write, for nothing, and then reads the request. Nothing stays but one
 * small node of the cursor, which goes with it. Gateways that know nothing of this see neither.
 */

import { turnPath } from '../zookeeper/paths.ts';
import { ANY_VERSION, type Store, type Write } from '../zookeeper/store.ts';
import type { TurnRequest } from './guest-turns.ts';
import { TURN_MAX_MS } from './turn-taking.ts';

/** Changes of a node's children by one request. */
const CHANGES = 2;

/**
 * @param lostAt the name of the cursor's node whose comparison was lost: those who write it are told
 * @returns whether they will be; else it is gone
 * @throws StoreError
 */
export async function askForTurn(
  store: Store,
  cursor: string,
  lostAt: string,
  request: TurnRequest,
): Promise<boolean> {
  const path = turnPath(cursor);
  const data = Buffer.from(JSON.stringify(request));
  const signal: Write[] = [
    { kind: 'create', path: `${cursor}/${lostAt}/turn`, data: Buffer.alloc(0) },
    { kind: 'delete', path: `${cursor}/${lostAt}/turn`, version: ANY_VERSION },
  ];
  const told = await store.commit([...signal, { kind: 'set', path, data, version: ANY_VERSION }]);
  if (told.applied) return true;
  // The first request at this cursor.
  if (told.index !== signal.length) return false;
  return (await store.commit([...signal, { kind: 'create', path, data }])).applied;
}

/** The last request at this cursor; undefined when there is none, or none that this version can read. @throws StoreError */
export async function readTurnRequest(store: Store, cursor: string): Promise<TurnRequest | undefined> {
  const node = await store.read(turnPath(cursor));
  return node === undefined ? undefined : parseTurnRequest(node.data.toString());
}

/** Pure. */
export function parseTurnRequest(text: string): TurnRequest | undefined {
  try {
    const { writer, commit, turnMs } = JSON.parse(text) as Record<string, unknown>;
    if (typeof writer !== 'string' || typeof commit !== 'number' || typeof turnMs !== 'number')
      return undefined;
    return { writer, commit, turnMs: Math.min(TURN_MAX_MS, turnMs) };
  } catch {
    return undefined;
  }
}

/** What the stats of a cursor's nodes tell of requests. */
export class SeenTurnRequests {
  /** How often children of each node have been made or removed, by its name. */
  readonly #changes = new Map<string, number>();
  #isNew = false;

  /** Whether somebody has asked since the last call. */
  take(): boolean {
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }

  /** A stat has come in. What was asked before the first one of its node is over. */
  see(name: string, childChanges: number): void {
    const known = this.#changes.get(name);
    if (known !== undefined && known !== childChanges) this.#isNew = true;
    this.#changes.set(name, childChanges);
  }

  /** This gateway has asked. */
  noteOwn(name: string): void {
    const known = this.#changes.get(name);
    if (known !== undefined) this.#changes.set(name, known + CHANGES);
  }

  forget(name: string): void {
    this.#changes.delete(name);
  }

  clear(): void {
    this.#changes.clear();
  }
}
