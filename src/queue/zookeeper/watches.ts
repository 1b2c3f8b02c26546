/**
 * The watches that are set on the current connection. It takes the place of the client's own watcher manager.
 *
 *   reply to a read  -> claim() -> listener joins the set of its (kind, path)
 *   event, or the connection is gone -> the set is taken out; each listener is called once, later
 *
 * It always looks empty to the client: the client would otherwise send all watches again after a reconnect, in one
 * packet that may exceed the server's limit, for ever. Here they fire instead, and their owners read again.
 */

import type { Watch } from './store.ts';

/**
 * What a read hands to the client as its watcher. The client gives it back with the reply, before it handles the
 * next frame, so no event can slip between. It yields nothing when the caller has stopped waiting by then.
 */
export type WatchClaim = () => Watch | undefined;

export interface NodeEvent {
  readonly type: number;
  readonly path: string;
}

type Kind = 'data' | 'children';

/** By the number of the event: created, deleted, data changed, children changed. */
const kindsByEvent: readonly (readonly Kind[])[] = [
  [],
  ['data'],
  ['data', 'children'],
  ['data'],
  ['children'],
];

export class Watches {
  readonly #listeners = new Map<string, Set<Watch>>();
  readonly #call: (listener: Watch) => void;

  /** `call` calls a listener asynchronously and keeps its exceptions from everyone else. */
  constructor(call: (listener: Watch) => void) {
    this.#call = call;
  }

  registerDataWatcher(path: string, claim: WatchClaim): void {
    this.#register('data', path, claim);
  }

  /** On a missing node: it waits for the creation, which the ensemble reports as a change of the data. */
  registerExistenceWatcher(path: string, claim: WatchClaim): void {
    this.#register('data', path, claim);
  }

  registerChildWatcher(path: string, claim: WatchClaim): void {
    this.#register('children', path, claim);
  }

  /** An event has come from the ensemble. Kinds that are not known are ignored. */
  emit(event: NodeEvent): void {
    for (const kind of kindsByEvent[event.type] ?? []) this.#fire(`${kind} ${event.path}`);
  }

  isEmpty(): boolean {
    return true;
  }

  /** The connection is gone, and with it every watch. */
  fireAll(): void {
    for (const key of [...this.#listeners.keys()]) this.#fire(key);
  }

  #register(kind: Kind, path: string, claim: WatchClaim): void {
    const listener = claim();
    if (!listener) return;
    const key = `${kind} ${path}`;
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
  }

  #fire(key: string): void {
    const listeners = this.#listeners.get(key);
    this.#listeners.delete(key);
    for (const listener of listeners ?? []) this.#call(listener);
  }
}
