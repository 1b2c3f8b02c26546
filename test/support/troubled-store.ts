/**
 * A store in front of another, in which one chosen call ends badly. What the in-memory twin can do by itself (lose
 * a request or an answer, lose the connection) it is asked to do; refusals, conflicts without a cause, and calls that
 * stand still while something else happens are made here.
 *
 * One session's calls keep their order: while one stands still, all that come later wait behind it.
 */
import * as port from '../../src/queue/zookeeper/store.ts';
import type { MemoryStore } from './memory-store.ts';

export interface StoreCall {
  readonly kind: 'read' | 'stat' | 'list' | 'commit' | 'barrier';
  readonly writes?: readonly port.Write[];
}

/** Decides how a call ends. `run` is the call as it should be. */
export type Trouble = (
  run: () => Promise<unknown>,
  call: StoreCall,
  store: TroubledStore,
) => Promise<unknown>;

const troubled: ReadonlySet<string> = new Set<StoreCall['kind']>([
  'read',
  'stat',
  'list',
  'commit',
  'barrier',
]);

export const isWrite = ({ kind }: StoreCall): boolean => kind === 'commit' || kind === 'barrier';

/** How a call ends that got no answer. */
export function unanswered(call: StoreCall): port.StoreError {
  return isWrite(call)
    ? new port.StoreError('unknown', 'no answer came; the write may have been applied')
    : new port.StoreError('unavailable', 'no answer came');
}

export class TroubledStore {
  readonly inner: MemoryStore;
  /** What the engine is given. */
  readonly store: port.Store;
  /** Calls seen since the trouble was planned. */
  seen = 0;
  #planned:
    | { readonly nth: number; readonly concerns: (call: StoreCall) => boolean; readonly trouble: Trouble }
    | undefined;
  #all: Trouble | undefined;
  #standstill: Promise<unknown> | undefined;

  constructor(inner: MemoryStore) {
    this.inner = inner;
    this.store = new Proxy<port.Store>(inner, {
      get: (_target, name) => this.#member(name as keyof port.Store),
    });
  }

  /** The nth call from now on, of those that it concerns, counted from 0, is in trouble. */
  plan(nth: number, trouble: Trouble, concerns: (call: StoreCall) => boolean = () => true): void {
    this.seen = 0;
    this.#planned = { nth, trouble, concerns };
  }

  /** Every call from now on is in trouble. */
  planAll(trouble: Trouble): void {
    this.#all = trouble;
  }

  /** Nothing more goes wrong. */
  heal(): void {
    this.#planned = undefined;
    this.#all = undefined;
  }

  /** Calls stand still until the work is done. */
  standStill(work: Promise<unknown>): void {
    const before = this.#standstill;
    const still: Promise<unknown> = Promise.all([before, work]).finally(() => {
      if (this.#standstill === still) this.#standstill = undefined;
    });
    still.catch(() => {});
    this.#standstill = still;
  }

  /** Runs a call in its turn. */
  inTurn<Value>(run: () => Promise<Value>): Promise<Value> {
    const still = this.#standstill;
    return still === undefined ? run() : still.then(run);
  }

  #member(name: keyof port.Store): unknown {
    const member: unknown = this.inner[name];
    if (typeof member !== 'function') return member;
    const run = (...args: unknown[]) => member.apply(this.inner, args);
    if (!troubled.has(name)) return run;
    return (...args: unknown[]) => {
      const kind = name as StoreCall['kind'];
      const call = kind === 'commit' ? { kind, writes: args[0] as port.Write[] } : { kind };
      return this.#call(call, () => run(...args) as Promise<unknown>);
    };
  }

  #call<Value>(call: StoreCall, run: () => Promise<Value>): Promise<Value> {
    if (this.#all !== undefined) return this.#all(run, call, this) as Promise<Value>;
    const planned = this.#planned;
    if (planned?.concerns(call)) {
      this.seen += 1;
      if (this.seen - 1 === planned.nth) return planned.trouble(run, call, this) as Promise<Value>;
    }
    return this.inTurn(run);
  }
}
