/**
 * The in-memory twin of the ZooKeeper session: a `Store` over a `MemoryEnsemble` that several stores may share.
 *
 *   call -> requests (in order) -> ensemble -> answers and watch events (in order) -> caller
 *
 * Each arrow is one step of `schedule` (setImmediate by default), so that calls of several stores interleave as
 * they do over sockets, while one session's requests and answers keep their order. A simulation passes a
 * `schedule` of its own. Failures are chosen by the test: per request through `fault`, or by `disconnect`.
 */

import type { CallSignal } from '../../src/queue/model/call-signal.ts';
import { Barrier } from '../../src/queue/zookeeper/barrier.ts';
import * as port from '../../src/queue/zookeeper/store.ts';
import { asAsked, withoutRestAtAny } from '../../src/queue/zookeeper/versions.ts';
import { assertCommit, assertPath, Packet } from '../../src/queue/zookeeper/writes.ts';
import type { MemoryEnsemble, WatchKind } from './memory-ensemble.ts';
import { TwinState } from './twin-state.ts';

/**
 * none          as it should be
 * unavailable   refused before it is sent
 * request-lost  never reaches the ensemble, and the caller cannot know: a write fails as 'unknown'
 * answer-lost   takes effect, and the caller cannot know
 */
export type Fault = 'none' | 'unavailable' | 'request-lost' | 'answer-lost';

export interface MemoryRequest {
  readonly kind: 'read' | 'stat' | 'list' | 'size' | 'commit' | 'barrier';
  readonly path?: string;
  readonly writes?: readonly port.Write[];
}

export interface MemoryStoreOptions {
  /** Most bytes of a commit; a server's own limit when absent. */
  readonly packetBytesMax?: number | undefined;
  readonly fault?: (request: MemoryRequest) => Fault;
  readonly schedule?: (step: () => void) => void;
}

const tick: port.Write = {
  kind: 'set',
  path: '/clock',
  data: Buffer.alloc(0),
  version: port.ANY_VERSION,
};

interface Call {
  readonly apply: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly settle: () => void;
  readonly isWrite: boolean;
  readonly fault: Fault;
}

export class MemoryStore implements port.Store, port.StoreMeter {
  readonly packet: Packet;
  readonly counters: port.StoreCounters = { reads: 0, writes: 0, conflicts: 0, bytesWritten: 0 };
  readonly #ensemble: MemoryEnsemble;
  readonly #fault: (request: MemoryRequest) => Fault;
  readonly #schedule: (step: () => void) => void;
  readonly #watches = new Map<string, { readonly listeners: Set<port.Watch>; readonly fire: () => void }>();
  readonly #unanswered = new Set<Call>();
  readonly #barrier = new Barrier(() => {
    return this.#write({ kind: 'barrier' }, 0, {}, () => this.#ensemble.apply([tick]));
  });
  #requests: Call[] = [];
  #answers: { readonly deliver: () => void; readonly isEvent: boolean }[] = [];
  readonly #state = new TwinState('connected', (step) => this.#schedule(step));

  constructor(ensemble: MemoryEnsemble, options: MemoryStoreOptions = {}) {
    this.packet = new Packet(0, 0, options.packetBytesMax);
    this.#ensemble = ensemble;
    this.#fault = options.fault ?? (() => 'none');
    this.#schedule = options.schedule ?? ((step) => setImmediate(step));
  }

  get state(): port.StoreState {
    return this.#state.current;
  }

  now(): number {
    return this.#ensemble.nowMs();
  }

  onState(listener: (state: port.StoreState) => void): () => void {
    return this.#state.onState(listener);
  }

  whenConnected(signal: CallSignal): Promise<void> {
    return this.#state.whenConnected(signal);
  }

  read(path: string, options: port.ReadOptions = {}): Promise<port.NodeData | undefined> {
    return this.#read('read', path, options, () => {
      const stat = this.#ensemble.stat(path);
      if (stat && options.watch) this.#watch('data', path, options.watch);
      return stat && { data: Buffer.from(this.#ensemble.data(path) ?? []), stat };
    });
  }

  stat(path: string, options: port.CallOptions = {}): Promise<port.NodeStat | undefined> {
    return this.#read('stat', path, options, () => this.#ensemble.stat(path));
  }

  list(path: string, options: port.ReadOptions = {}): Promise<port.NodeChildren | undefined> {
    return this.#read('list', path, options, () => {
      const stat = this.#ensemble.stat(path);
      if (stat && options.watch) this.#watch('children', path, options.watch);
      return stat && { children: this.#ensemble.children(path) ?? [], stat };
    });
  }

  async commit(writes: readonly port.Write[], options: port.CallOptions = {}): Promise<port.CommitResult> {
    const bytes = assertCommit(writes, this.packet);
    const result = await this.#write({ kind: 'commit', writes }, bytes, options, () =>
      asAsked(this.#ensemble.apply(withoutRestAtAny(writes)), writes),
    );
    if (!result.applied) this.counters.conflicts += 1;
    return result;
  }

  barrier(options: port.CallOptions = {}): Promise<void> {
    return this.#barrier.pass(options);
  }

  size(): Promise<port.StoreSize> {
    return this.#read('size', '/', {}, () => {
      const { paths } = this.#ensemble;
      const dataBytes = paths.reduce((sum, path) => sum + (this.#ensemble.data(path)?.length ?? 0), 0);
      return { nodes: paths.length, dataBytes };
    });
  }

  /**
   * Cuts the connection. Requests without an answer fail; those that had not arrived yet arrive all the same
   * (`'applied'`) or never (`'dropped'`). All watches fire and are gone.
   */
  disconnect(inFlight: 'applied' | 'dropped' = 'dropped', state: 'suspended' | 'lost' = 'suspended'): void {
    if (inFlight === 'applied') for (const call of this.#requests) call.apply();
    for (const call of this.#unanswered) {
      call.settle();
      this.#schedule(() => call.reject(lost(call.isWrite)));
    }
    for (const { deliver, isEvent } of this.#answers) if (isEvent) this.#schedule(deliver);
    this.#requests = [];
    this.#answers = [];
    this.#unanswered.clear();
    this.#state.enter(state);
    for (const { fire } of [...this.#watches.values()]) fire();
  }

  connect(): void {
    this.#state.enter('connected');
  }

  #read<T>(kind: MemoryRequest['kind'], path: string, options: port.CallOptions, apply: () => T): Promise<T> {
    assertPath(path);
    this.counters.reads += 1;
    return this.#call({ kind, path }, options, apply);
  }

  #write<T>(request: MemoryRequest, bytes: number, options: port.CallOptions, apply: () => T): Promise<T> {
    this.counters.writes += 1;
    this.counters.bytesWritten += bytes;
    return this.#call(request, options, apply);
  }

  #call<T>(request: MemoryRequest, { signal }: port.CallOptions, apply: () => T): Promise<T> {
    const isWrite = request.kind === 'commit' || request.kind === 'barrier';
    const fault =
      this.#state.current === 'connected' && !signal?.aborted ? this.#fault(request) : 'unavailable';
    if (fault === 'unavailable') {
      return Promise.reject(
        new port.StoreError('unavailable', `${request.kind} was not sent: ${this.#state.current}`),
      );
    }
    return new Promise<T>((resolve, reject) => {
      const abort = () => reject(lost(isWrite));
      const settle = () => signal?.removeEventListener('abort', abort);
      const call: Call = { apply, resolve, reject, settle, isWrite, fault };
      this.#requests.push(call);
      this.#unanswered.add(call);
      signal?.addEventListener('abort', abort);
      this.#schedule(() => this.#arrive());
    });
  }

  /** The oldest request reaches the ensemble. */
  #arrive(): void {
    const call = this.#requests.shift();
    if (!call) return;
    const value = call.fault === 'request-lost' ? undefined : call.apply();
    this.#answer(false, () => {
      this.#unanswered.delete(call);
      call.settle();
      if (call.fault === 'none') call.resolve(value as never);
      else call.reject(lost(call.isWrite));
    });
  }

  #answer(isEvent: boolean, deliver: () => void): void {
    this.#answers.push({ deliver, isEvent });
    this.#schedule(() => this.#answers.shift()?.deliver());
  }

  #watch(kind: WatchKind, path: string, listener: port.Watch): void {
    const key = `${kind} ${path}`;
    const known = this.#watches.get(key);
    if (known) {
      known.listeners.add(listener);
      return;
    }
    const listeners = new Set([listener]);
    const fire = () => {
      this.#ensemble.unwatch(kind, path, fire);
      this.#watches.delete(key);
      for (const each of listeners) {
        if (this.#state.current === 'connected') this.#answer(true, each);
        else this.#schedule(each);
      }
    };
    this.#watches.set(key, { listeners, fire });
    this.#ensemble.watch(kind, path, fire);
  }
}

function lost(isWrite: boolean): port.StoreError {
  return isWrite
    ? new port.StoreError('unknown', 'no answer came; the write may have been applied')
    : new port.StoreError('unavailable', 'no answer came');
}
