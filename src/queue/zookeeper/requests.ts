/**
 * The requests of one store: each goes through the bounded calls to the client of the moment, is counted when it is
 * sent, and feeds the clock when its reply bears the leader's time. Paths are the ensemble's own, replies are codes.
 */

import type { CallSignal } from '../model/call-signal.ts';
import type { AclEntry } from './acl.ts';
import { Calls } from './calls.ts';
import { codes, storeError } from './codes.ts';
import type { EnsembleClock } from './ensemble-clock.ts';
import type { GuardedClient, Reply } from './guarded-client.ts';
import type { RawStat } from './node-stat.ts';
import { stampMs } from './node-stat.ts';
import type { ReadOptions, StoreCounters, Write } from './store.ts';
import { StoreMeasures } from './store-measures.ts';
import type { OperationReply } from './transaction-frames.ts';
import type { WatchClaim } from './watches.ts';
import { packetBytes } from './writes.ts';

/** The ensemble's reply: code 0 and a value, or another code. */
export interface Replied<T> {
  readonly code: number;
  readonly value: T | undefined;
}

export interface RawData {
  readonly data: Buffer;
  readonly stat: RawStat;
}

export interface RawChildren {
  readonly children: string[];
  readonly stat: RawStat;
}

export interface RequestsOptions {
  readonly requestTimeoutMs: number;
  readonly client: () => GuardedClient;
  readonly clock: EnsembleClock;
  readonly monotonicNow: () => number;
}

type StartRead<T> = (client: GuardedClient, claim: WatchClaim | undefined, reply: Reply<T>) => void;
type StartWrite<T> = (client: GuardedClient, reply: Reply<T>) => void;

export class Requests {
  readonly counters: StoreCounters = { reads: 0, writes: 0, conflicts: 0, bytesWritten: 0 };
  readonly measures = new StoreMeasures();
  readonly calls: Calls;
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
    this.calls = new Calls({
      requestTimeoutMs: options.requestTimeoutMs,
      isOpen: () => options.client().isOpen,
      isWritable: () => options.client().isWritable,
      onFailed: (isWrite) => this.measures.noteFailed(isWrite),
    });
  }

  getData(path: string, options: ReadOptions): Promise<Replied<RawData>> {
    return this.#read(path, options, (client, claim, reply) => client.getData(path, claim, reply));
  }

  exists(path: string, signal?: CallSignal): Promise<Replied<RawStat | undefined>> {
    return this.#read(path, signal ? { signal } : {}, (client, _, reply) =>
      client.exists(path, undefined, reply),
    );
  }

  getChildren(path: string, options: ReadOptions): Promise<Replied<RawChildren>> {
    return this.#read(path, options, (client, claim, reply) => client.getChildren(path, claim, reply));
  }

  getAcl(path: string): Promise<Replied<readonly AclEntry[]>> {
    return this.#read(path, {}, (client, _, reply) => client.getAcl(path, reply));
  }

  setAcl(path: string, acl: readonly AclEntry[]): Promise<Replied<undefined>> {
    return this.#write(`the ACL of ${path}`, path.length, (client, reply) => client.setAcl(path, acl, reply));
  }

  multi(
    writes: readonly Write[],
    bytes: number,
    signal?: CallSignal,
  ): Promise<Replied<readonly OperationReply[]>> {
    const start: StartWrite<readonly OperationReply[]> = (client, reply) =>
      client.multi(writes, (code, results) => {
        for (const { stat } of results ?? []) if (stat) this.#sampleMs(stat.mtimeMs);
        reply(code, results);
      });
    return this.#write(`a commit of ${writes.length} operations`, bytes, start, signal);
  }

  /** Sets the node to nothing, for the sake of the round through the ensemble and of the time in its answer. */
  touch(path: string): Promise<Replied<RawStat>> {
    return this.#write('a barrier', path.length, (client, reply) =>
      client.setData(path, Buffer.alloc(0), (code, stat) => {
        if (code === codes.ok) this.#sample(stat);
        reply(code, stat);
      }),
    );
  }

  /** Creates the node unless it is there. Asks first: a gateway may lack the right to create what others made. */
  async ensure(path: string): Promise<void> {
    const { value } = await this.exists(path);
    if (value) return;
    const what = `creating ${path}`;
    const { code } = await this.#write<undefined>(what, path.length, (client, reply) =>
      client.create(path, reply),
    );
    if (code !== codes.ok && code !== codes.nodeExists) throw storeError(code, what, true);
  }

  /**
   * Creates and sets nodes in one transaction: all or none. Several gateways may do so at once.
   *
   * @returns 0, or that a node exists
   */
  async createTogether(writes: readonly Write[], what: string): Promise<number> {
    const bytes = packetBytes(writes, 0, 0);
    const { code, value = [] } = await this.multi(writes, bytes);
    const errors = value.map(({ err = codes.ok }) => err);
    const failed = [code, ...errors].find((each) => each !== codes.ok && each !== codes.notTried);
    if (failed === undefined || failed === codes.nodeExists) return failed ?? codes.ok;
    throw storeError(failed, what, true);
  }

  #read<T>(path: string, { signal, watch }: ReadOptions, start: StartRead<T>): Promise<Replied<T>> {
    const send = (reply: (value: Replied<T>) => void, isWanted: () => boolean) => {
      this.counters.reads += 1;
      const claim = watch && (() => (isWanted() ? watch : undefined));
      const sentMs = this.#options.monotonicNow();
      start(this.#options.client(), claim, (code, value) => {
        this.#note(false, code, sentMs, isWanted());
        reply({ code, value });
      });
    };
    return this.calls.run({ what: `a read of ${path}`, isWrite: false, bytes: path.length, send }, signal);
  }

  #write<T>(what: string, bytes: number, start: StartWrite<T>, signal?: CallSignal): Promise<Replied<T>> {
    const send = (reply: (value: Replied<T>) => void, isWanted: () => boolean) => {
      this.counters.writes += 1;
      this.counters.bytesWritten += bytes;
      const sentMs = this.#options.monotonicNow();
      start(this.#options.client(), (code, value) => {
        this.#note(true, code, sentMs, isWanted());
        reply({ code, value });
      });
    };
    return this.calls.run({ what, isWrite: true, bytes, send }, signal);
  }

  #note(isWrite: boolean, code: number, sentMs: number, isWanted: boolean): void {
    this.measures.noteReply(isWrite, code, this.#options.monotonicNow() - sentMs, isWanted);
  }

  #sample(stat: RawStat | undefined): void {
    if (stat) this.#sampleMs(stampMs(stat));
  }

  #sampleMs(leaderMs: number): void {
    this.#options.clock.sample(leaderMs, this.#options.monotonicNow());
  }
}
