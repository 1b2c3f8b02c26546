/**
 * A gateway's store in virtual time: a session that is connected to one server at a time, loses its connection, moves
 * on and is made anew. Barriers and the clock's estimate are those of the real session.
 */
import type { CallSignal } from '../../src/queue/model/call-signal.ts';
import { Barrier } from '../../src/queue/zookeeper/barrier.ts';
import { EnsembleClock } from '../../src/queue/zookeeper/ensemble-clock.ts';
import * as port from '../../src/queue/zookeeper/store.ts';
import { assertCommit, assertPath, Packet } from '../../src/queue/zookeeper/writes.ts';
import type { WatchKind } from '../support/memory-ensemble.ts';
import { TwinState } from '../support/twin-state.ts';
import type { Chance } from './chance.ts';
import type { ProcessLife } from './process-life.ts';
import { type Network, SimulatedConnection } from './simulated-connection.ts';
import type { SimulatedEnsemble, SimulatedServer } from './simulated-ensemble.ts';
import type { VirtualTime } from './virtual-time.ts';

const TICK: port.Write = { kind: 'set', path: '/clock', data: Buffer.alloc(0), version: port.ANY_VERSION };
const RETRY_MS = 20;

/** What may be done to a request as it is sent: the ensemble refuses it, or something else befalls the gateway. */
export type Interference = (request: { readonly isWrite: boolean }) => 'none' | 'refused';

interface Pending {
  readonly isWrite: boolean;
  fail(error: port.StoreError): void;
}

interface WatchEntry {
  readonly server: SimulatedServer;
  readonly listeners: Set<port.Watch>;
  readonly fire: () => void;
}

export interface SimulatedStoreOptions {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly ensemble: SimulatedEnsemble;
  readonly life: ProcessLife;
  readonly requestTimeoutMs: number;
  /** Most bytes of a commit; a server's own limit when absent. */
  readonly packetBytesMax?: number | undefined;
}

export class SimulatedStore implements port.Store {
  readonly packet: Packet;
  readonly counters: port.StoreCounters = { reads: 0, writes: 0, conflicts: 0, bytesWritten: 0 };
  readonly network: Network = { delayMs: 1, distanceMs: 0, heldUntilMs: 0 };
  interfere: Interference = () => 'none';
  readonly #options: SimulatedStoreOptions;
  readonly #clock = new EnsembleClock();
  readonly #pending = new Set<Pending>();
  readonly #watches = new Map<string, WatchEntry>();
  /** On their way from the server: a client tells its watches also when the connection breaks meanwhile. */
  readonly #events = new Set<{ readonly listener: port.Watch }>();
  readonly #barrier = new Barrier(() => this.#commit([TICK], 0, {}));
  #connection: SimulatedConnection | undefined;
  /** Of the session, which a new connection ends for the old one's requests. */
  #previous: SimulatedConnection | undefined;
  readonly #state = new TwinState('suspended', (step) => void this.#options.life.after(0, step));

  constructor(options: SimulatedStoreOptions) {
    this.#options = options;
    this.packet = new Packet(0, 0, options.packetBytesMax);
    this.#reconnect(0);
  }

  get state(): port.StoreState {
    return this.#state.current;
  }

  get server(): SimulatedServer | undefined {
    return this.#connection?.server;
  }

  now(): number {
    return this.#clock.now(this.#options.time.nowMs);
  }

  onState(listener: (state: port.StoreState) => void): () => void {
    return this.#state.onState(listener);
  }

  whenConnected(signal: CallSignal): Promise<void> {
    return this.#state.whenConnected(signal);
  }

  read(path: string, options: port.ReadOptions = {}): Promise<port.NodeData | undefined> {
    return this.#read(path, options, (server) => {
      const stat = server.tree.stat(path);
      if (stat && options.watch) this.#watch(server, 'data', path, options.watch);
      return stat && { data: Buffer.from(server.tree.data(path) ?? []), stat };
    });
  }

  stat(path: string, options: port.CallOptions = {}): Promise<port.NodeStat | undefined> {
    return this.#read(path, options, (server) => server.tree.stat(path));
  }

  list(path: string, options: port.ReadOptions = {}): Promise<port.NodeChildren | undefined> {
    return this.#read(path, options, (server) => {
      const stat = server.tree.stat(path);
      if (stat && options.watch) this.#watch(server, 'children', path, options.watch);
      return stat && { children: server.tree.children(path) ?? [], stat };
    });
  }

  async commit(writes: readonly port.Write[], options: port.CallOptions = {}): Promise<port.CommitResult> {
    const result = await this.#commit(writes, assertCommit(writes, this.packet), options);
    if (!result.applied) this.counters.conflicts += 1;
    return result;
  }

  barrier(options: port.CallOptions = {}): Promise<void> {
    return this.#barrier.pass(options);
  }

  /** The connection breaks; the session looks for another after some time. */
  disconnect(absentMs: number): void {
    this.#lose('suspended', absentMs);
  }

  /** The ensemble has given the session up. */
  expire(absentMs: number): void {
    this.#connection?.end();
    this.#previous?.end();
    this.#lose('lost', absentMs);
  }

  /** The process is gone: its socket closes, and nobody is told anything. */
  abandon(): void {
    this.#connection?.cut();
    this.#forgetWatches();
  }

  #lose(state: 'suspended' | 'lost', absentMs: number): void {
    const { life } = this.#options;
    const connection = this.#connection;
    connection?.cut();
    this.#connection = undefined;
    this.#previous = connection ?? this.#previous;
    const listeners = this.#forgetWatches();
    life.deliver(() => {
      for (const pending of [...this.#pending]) pending.fail(noAnswer(pending.isWrite, 'connection lost'));
      this.#state.enter(state);
      for (const listener of listeners) life.after(0, listener);
    });
    this.#reconnect(absentMs);
  }

  #reconnect(delayMs: number): void {
    const { time, chance, ensemble, life } = this.#options;
    life.after(delayMs, () => {
      if (this.#connection !== undefined) return;
      const up = ensemble.servers.filter((server) => server.up);
      if (!ensemble.available || up.length === 0) return this.#reconnect(RETRY_MS);
      const server = chance.pick(up);
      const connection = new SimulatedConnection(time, chance, ensemble, server, this.network);
      this.#connection = connection;
      this.#previous?.end();
      this.#clock.reset();
      // As the real session does: connected means that a write has come through the new connection.
      const answered = (result: port.CommitResult) => {
        life.deliver(() => {
          if (connection !== this.#connection) return;
          this.#sample(result);
          this.#state.enter('connected');
        });
      };
      connection.send({ writes: [TICK], answer: answered });
    });
  }

  #sample(result: port.CommitResult): void {
    if (!result.applied) return;
    for (const each of result.results)
      if (each.kind === 'set') this.#clock.sample(each.stat.mtimeMs, this.#options.time.nowMs);
  }

  #read<Value>(
    path: string,
    options: port.CallOptions,
    look: (server: SimulatedServer) => Value,
  ): Promise<Value> {
    assertPath(path);
    this.counters.reads += 1;
    return this.#call(false, options, (connection, settle) => {
      connection.send({
        read: (server) => {
          const value = look(server);
          return () => settle(() => value);
        },
      });
    });
  }

  #commit(
    writes: readonly port.Write[],
    bytes: number,
    options: port.CallOptions,
  ): Promise<port.CommitResult> {
    this.counters.writes += 1;
    this.counters.bytesWritten += bytes;
    return this.#call(true, options, (connection, settle) => {
      connection.send({
        writes,
        answer: (result) =>
          settle(() => {
            this.#sample(result);
            return result;
          }),
      });
    });
  }

  #call<Value>(
    isWrite: boolean,
    { signal }: port.CallOptions,
    send: (connection: SimulatedConnection, settle: (value: () => Value) => void) => void,
  ): Promise<Value> {
    const { life, requestTimeoutMs } = this.#options;
    const connection = this.#connection;
    if (this.#state.current !== 'connected' || connection === undefined || signal?.aborted) {
      return Promise.reject(new port.StoreError('unavailable', 'it was not sent'));
    }
    const fate = this.interfere({ isWrite });
    return new Promise<Value>((resolve, reject) => {
      const end = (finish: () => void) => {
        if (!this.#pending.delete(pending)) return;
        cancel();
        signal?.removeEventListener('abort', abort);
        finish();
      };
      const pending: Pending = { isWrite, fail: (error) => end(() => reject(error)) };
      const abort = () => pending.fail(noAnswer(isWrite, 'aborted'));
      const cancel = life.after(requestTimeoutMs, () => pending.fail(noAnswer(isWrite, 'timed out')));
      this.#pending.add(pending);
      signal?.addEventListener('abort', abort);
      const settle = (value: () => Value) => life.deliver(() => end(() => resolve(value())));
      if (fate === 'none') {
        send(connection, settle);
        return;
      }
      const refusal = new port.StoreError('refused', 'the ensemble refused it');
      const refuse = () => life.deliver(() => pending.fail(refusal));
      connection.send({ read: () => refuse });
    });
  }

  #watch(server: SimulatedServer, kind: WatchKind, path: string, listener: port.Watch): void {
    const key = `${kind} ${path}`;
    const known = this.#watches.get(key);
    if (known) {
      known.listeners.add(listener);
      return;
    }
    const listeners = new Set([listener]);
    const connection = this.#connection;
    const fire = () => {
      server.tree.unwatch(kind, path, fire);
      this.#watches.delete(key);
      for (const listener of listeners) {
        const event = { listener };
        this.#events.add(event);
        connection?.answer(() => {
          this.#events.delete(event);
          this.#options.life.deliver(listener);
        });
      }
    };
    this.#watches.set(key, { server, listeners, fire });
    server.tree.watch(kind, path, fire);
  }

  #forgetWatches(): port.Watch[] {
    const entries = [...this.#watches];
    const events = [...this.#events];
    this.#watches.clear();
    this.#events.clear();
    for (const [key, { server, fire }] of entries) {
      const space = key.indexOf(' ');
      server.tree.unwatch(key.slice(0, space) as WatchKind, key.slice(space + 1), fire);
    }
    return [
      ...events.map(({ listener }) => listener),
      ...entries.flatMap(([, { listeners }]) => [...listeners]),
    ];
  }
}

function noAnswer(isWrite: boolean, why: string): port.StoreError {
  return isWrite
    ? new port.StoreError('unknown', `no answer came (${why}); the write may have been applied`)
    : new port.StoreError('unavailable', `no answer came (${why})`);
}
