/**
 * The store on a real ensemble: each call of the port becomes requests, and each reply a value or a StoreError.
 * `supervisor.ts` keeps the session, `requests.ts` and `calls.ts` bound what is in flight, `guarded-client.ts` talks.
 *
 * One node beside the broker's own belongs to it: `<chroot>/clock`, which every barrier sets. The answer bears the
 * leader's time, so a barrier is a look at the clock as well.
 */

import type { CallSignal } from '../model/call-signal.ts';
import type { Logger } from '../model/logger.ts';
import { aclBytes, aclOf, type Credentials } from './acl.ts';
import { chrootNodes, fullPath, parseEnsembleAddress } from './address.ts';
import { Barrier } from './barrier.ts';
import { codes, storeError } from './codes.ts';
import { commitResult } from './commit-result.ts';
import { DataCount } from './data-count.ts';
import { EnsembleClock } from './ensemble-clock.ts';
import { EnsembleSockets, type EnsembleTls } from './ensemble-sockets.ts';
import { decodeStat } from './node-stat.ts';
import { OpenNodes } from './open-nodes.ts';
import { CLOCK_PATH } from './paths.ts';
import { type Replied, Requests } from './requests.ts';
import * as port from './store.ts';
import type { StoreMeasures } from './store-measures.ts';
import { Supervisor } from './supervisor.ts';
import { asAsked, withoutRestAtAny } from './versions.ts';
import { WarningLog } from './warning-log.ts';
import { assertCommit, assertPath, Packet } from './writes.ts';

export interface OpenStoreOptions {
  /** `host:port,host:port/chroot`; the chroot is created when it is missing. */
  readonly connectionString: string;
  readonly sessionTimeoutMs: number;
  /** Every call ends within this time. */
  readonly requestTimeoutMs: number;
  readonly logger: Logger;
  /** All are presented to the ensemble, and the first owns every node that is created; none: nodes are open to all. */
  readonly credentials?: readonly Credentials[];
  /** Without it, connections are not encrypted. */
  readonly tls?: EnsembleTls;
  readonly monotonicNow?: () => number;
  readonly random?: () => number;
  /** Number of a client's first request, for tests of what happens at the end of their range. */
  readonly firstXid?: number;
}

export interface ZooKeeperStore extends port.Store, port.StoreMeter {
  /** How the ensemble answers, for whoever watches. */
  readonly measures: StoreMeasures;
  /** Ends the session, within about a second whatever the state. No call succeeds afterwards. */
  close(): Promise<void>;
}

/**
 * Opens a store; returns before it is connected, and keeps trying for ever. Throws only when the connection string
 * makes no sense, or certificates and keys cannot be used.
 */
export function openStore(options: OpenStoreOptions): ZooKeeperStore {
  return new SessionStore(options);
}

class SessionStore implements ZooKeeperStore {
  readonly packet: Packet;
  readonly #chroot: string;
  readonly #hasCredentials: boolean;
  readonly #warnings: WarningLog;
  readonly #clock = new EnsembleClock();
  readonly #monotonicNow: () => number;
  readonly #requests: Requests;
  readonly #dataCount: DataCount;
  readonly #openNodes: OpenNodes;
  readonly #supervisor: Supervisor;
  readonly #barrier = new Barrier(() => this.#touchClock());

  constructor(options: OpenStoreOptions) {
    const { servers, chroot } = parseEnsembleAddress(options.connectionString);
    const { monotonicNow = () => performance.now(), random = Math.random, requestTimeoutMs } = options;
    const { credentials = [], tls, logger } = options;
    this.#chroot = chroot;
    this.#hasCredentials = credentials.length > 0;
    this.packet = new Packet(Buffer.byteLength(chroot), aclBytes(aclOf(credentials[0])));
    this.#warnings = new WarningLog(logger);
    const sockets = new EnsembleSockets(tls, this.#warnings);
    this.#monotonicNow = monotonicNow;
    const client = () => this.#supervisor.client;
    this.#requests = new Requests({ requestTimeoutMs, client, clock: this.#clock, monotonicNow });
    this.#dataCount = new DataCount(this.#requests, chroot);
    this.#openNodes = new OpenNodes(this.#requests, chroot, logger);
    this.#supervisor = new Supervisor({
      ...options,
      ...{ servers, sockets, credentials, monotonicNow, random },
      warnings: this.#warnings,
      calls: this.#requests.calls,
      establish: () => this.#establish(),
    });
    this.#supervisor.start();
  }

  get state(): port.StoreState {
    return this.#supervisor.state;
  }

  get counters(): port.StoreCounters {
    return this.#requests.counters;
  }

  get measures(): StoreMeasures {
    return this.#requests.measures;
  }

  onState(listener: (state: port.StoreState) => void): () => void {
    return this.#supervisor.onState(listener);
  }

  whenConnected(signal: CallSignal): Promise<void> {
    return this.#supervisor.whenConnected(signal);
  }

  close(): Promise<void> {
    return this.#supervisor.close();
  }

  now(): number {
    return this.#clock.now(this.#monotonicNow());
  }

  async read(path: string, options: port.ReadOptions = {}): Promise<port.NodeData | undefined> {
    const node = this.#found(await this.#requests.getData(this.#prepare(path), options), path);
    return node && { data: node.data, stat: decodeStat(node.stat) };
  }

  async stat(path: string, { signal }: port.CallOptions = {}): Promise<port.NodeStat | undefined> {
    const stat = this.#found(await this.#requests.exists(this.#prepare(path), signal), path);
    return stat && decodeStat(stat);
  }

  async list(path: string, options: port.ReadOptions = {}): Promise<port.NodeChildren | undefined> {
    const node = this.#found(await this.#requests.getChildren(this.#prepare(path), options), path);
    return node && { children: node.children, stat: decodeStat(node.stat) };
  }

  async commit(writes: readonly port.Write[], options: port.CallOptions = {}): Promise<port.CommitResult> {
    const bytes = assertCommit(writes, this.packet);
    const sent = withoutRestAtAny(writes);
    const prefixed = sent.map((write) => ({ ...write, path: this.#prepare(write.path) }));
    const { code, value } = await this.#requests.multi(prefixed, bytes, options.signal);
    if (code !== codes.ok || !value) throw this.#told(storeError(code, 'a commit', true));
    try {
      const result = asAsked(commitResult(value, sent, this.#chroot), writes);
      if (!result.applied) this.counters.conflicts += 1;
      return result;
    } catch (error) {
      throw this.#told(error);
    }
  }

  async barrier(options: port.CallOptions = {}): Promise<void> {
    this.#prepare(CLOCK_PATH);
    await this.#barrier.pass(options);
  }

  async size(): Promise<port.StoreSize> {
    this.#prepare(CLOCK_PATH);
    return this.#dataCount.read();
  }

  /** The path as the ensemble knows it, when requests may be sent; throws when not. */
  #prepare(path: string): string {
    assertPath(path);
    if (this.state === 'connected') return fullPath(this.#chroot, path);
    throw new port.StoreError('unavailable', `nothing was sent: ${this.state}`);
  }

  /** Puts a write through on a new connection, after making the nodes that it needs. */
  async #establish(): Promise<void> {
    this.#clock.reset();
    const clock = fullPath(this.#chroot, CLOCK_PATH);
    const { code } = await this.#requests.touch(clock);
    if (code === codes.noNode) {
      await this.#makeNodes(clock);
      await this.#touchClock();
    } else if (code !== codes.ok) {
      const whose = this.#hasCredentials
        ? 'it belongs to other credentials than those of this gateway'
        : 'it belongs to credentials, and this gateway has none';
      throw explained(storeError(code, `setting ${clock}`, true), whose);
    }
    if (this.#hasCredentials) await this.#openNodes.inspect();
  }

  /**
   * The chroot and the clock, in one transaction that also sets the clock: a server that took the credentials for
   * others than we think would else let us make a chroot that is then closed to us.
   */
  async #makeNodes(clock: string): Promise<void> {
    const writes: port.Write[] = [];
    for (const path of [...chrootNodes(this.#chroot), clock]) {
      // Asked first: a gateway may lack the right to create what others made.
      const { value } = await this.#requests.exists(path);
      if (value === undefined) writes.push({ kind: 'create', path, data: Buffer.alloc(0) });
    }
    const set = { kind: 'set', path: clock, data: Buffer.alloc(0), version: port.ANY_VERSION } as const;
    try {
      await this.#requests.createTogether([...writes, set], `creating ${writes[0]?.path ?? clock}`);
    } catch (error) {
      const why =
        "the node above belongs to others, or the servers do not use ZooKeeper's default digests (SHA-1)";
      throw explained(error, why);
    }
  }

  #found<T>({ code, value }: Replied<T>, path: string): T | undefined {
    if (code === codes.noNode) return undefined;
    if (code !== codes.ok) throw this.#told(storeError(code, `reading ${path}`, false));
    return value;
  }

  /** What belongs to others is for an operator to hear of, whoever comes across it. */
  #told(error: unknown): unknown {
    if (error instanceof port.StoreError && error.refusal === 'permission') {
      this.#warnings.warn({ reason: error.message }, 'a part of the tree in ZooKeeper belongs to others');
    }
    return error;
  }

  async #touchClock(): Promise<void> {
    const { code } = await this.#requests.touch(fullPath(this.#chroot, CLOCK_PATH));
    if (code !== codes.ok) throw storeError(code, 'a barrier', true);
  }
}

/** The error, with what an operator has to know when it is for want of a permission. */
function explained(error: unknown, why: string): unknown {
  if (!(error instanceof port.StoreError) || error.refusal !== 'permission') return error;
  return new port.StoreError(error.kind, `${error.message}: ${why}`, { cause: error, refusal: 'permission' });
}
