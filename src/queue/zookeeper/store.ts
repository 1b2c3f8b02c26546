/**
 * The store port: all that the broker asks of ZooKeeper, and no more.
 *
 * The log and the cursor are written against this interface; `session.ts` implements it on a real ensemble.
 * Paths are absolute and relative to the chroot. Every call is bounded in time.
 *
 * How a call can end:
 *
 *   value          the ensemble answered. Losing a compare-and-set, or a node that is missing, are values.
 *   StoreError     'unavailable'  certainly not applied: it was never sent, or refused by the ensemble as a whole
 *                  'unknown'      a write was sent and no answer came: it may have been applied, or may still be
 *                                 until a later `barrier()` returns
 *                  'refused'      the ensemble answered with an error that is not a value (quota, throttled, ACL):
 *                                 certainly not applied, and likely to fail again
 */
import type { CallSignal } from '../model/call-signal.ts';

export interface NodeStat {
  /** Number of changes of the data; 0 after a plain create. 32 bits with a sign: see `versionAfter`. */
  readonly version: number;
  /** Transaction that last changed the data; grows over all writes of the ensemble. */
  readonly mzxid: bigint;
  /** Time of the creation and of the last change of the data by the leader's clock, ms since 1970. */
  readonly ctimeMs: number;
  readonly mtimeMs: number;
  /** Number of creations and deletions of children so far (ZooKeeper's cversion). */
  readonly childChanges: number;
  readonly childCount: number;
}

export interface NodeData {
  readonly data: Buffer;
  readonly stat: NodeStat;
}

export interface NodeChildren {
  /** Names, unsorted. */
  readonly children: string[];
  readonly stat: NodeStat;
}

/** Any version will do. */
export const ANY_VERSION = -1;

/** The version of a node after one more change under a compared version. They go round, without 0 and ANY_VERSION. */
export function versionAfter(version: number): number {
  return version === -2 ? 1 : (version + 1) | 0;
}

/** Whether a version of a node is older than another one of the same node, by less than half of their range. */
export function isVersionBefore(version: number, other: number): boolean {
  return ((version - other) | 0) < 0;
}

/**
 * One operation of a `commit`. A version is what the node must have (ANY_VERSION: it must only exist).
 * Version 0 is refused as a programmer's error for check, set and delete (invariant 6 of the storage design), so
 * nodes that are compared and set later are created and set in one commit, which leaves them at version 1.
 */
export type Write =
  | { readonly kind: 'create'; readonly path: string; readonly data: Buffer; readonly sequential?: boolean }
  | { readonly kind: 'set'; readonly path: string; readonly data: Buffer; readonly version: number }
  | { readonly kind: 'check'; readonly path: string; readonly version: number }
  | { readonly kind: 'delete'; readonly path: string; readonly version: number };

export type WriteResult =
  /** The path as created, with its sequence number where that was asked for. */
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'set'; readonly stat: NodeStat }
  | { readonly kind: 'check' }
  | { readonly kind: 'delete' };

/** Why the operation at `index` failed, and with it the whole commit, which changed nothing. */
export interface CommitConflict {
  readonly applied: false;
  readonly index: number;
  readonly reason: 'version' | 'missing' | 'exists' | 'not-empty';
}

export interface CommitApplied {
  readonly applied: true;
  readonly results: readonly WriteResult[];
}

export type CommitResult = CommitApplied | CommitConflict;

/**
 * A one-shot hint that what was read may have changed: called at most once for each registration, never
 * synchronously, also when the connection or the session is lost (then every watch is gone and must be set again by
 * reading again). The same function registered twice on one path and kind counts once.
 *
 * Only what exists is watched, so every watch ends with its node at the latest: one for the creation of what never
 * comes would stay, here and at the server, for as long as the connection does. Watch the parent's children for that.
 */
export type Watch = () => void;

/** The size of commits: each is one packet of the protocol. Whoever makes one asks before gathering more for it. */
export interface PacketLimits {
  readonly bytesMax: number;
  /** Most of what one operation takes of it, beside its own path and data. */
  readonly bytesPerWrite: number;
  /** What these operations would take of it. */
  bytesOf(writes: readonly Write[]): number;
}

export interface CallOptions {
  readonly signal?: CallSignal;
}

export interface ReadOptions extends CallOptions {
  readonly watch?: Watch;
}

export type StoreState = 'connected' | 'suspended' | 'lost';

export interface Store {
  /**
   * connected   requests are sent.
   * suspended   no connection; the session may still live. Requests fail at once with 'unavailable'.
   * lost        the session is over; a new one is being made. As suspended.
   */
  readonly state: StoreState;
  /** Calls the listener (asynchronously) on each change of state; the returned function ends that. */
  onState(listener: (state: StoreState) => void): () => void;
  /** Resolves once connected; rejects with the signal's reason when that aborts first. */
  whenConnected(signal: CallSignal): Promise<void>;

  /** Data and stat, or undefined when there is no such node (no watch is set then). */
  read(path: string, options?: ReadOptions): Promise<NodeData | undefined>;
  /** Stat alone, or undefined when there is no such node. */
  stat(path: string, options?: CallOptions): Promise<NodeStat | undefined>;
  /** Children, or undefined when there is no such node (no watch is set then). */
  list(path: string, options?: ReadOptions): Promise<NodeChildren | undefined>;
  /** What a commit may be. */
  readonly packet: PacketLimits;
  /** Applies all or none of the operations, in order. At most as many as `packet` holds. */
  commit(writes: readonly Write[], options?: CallOptions): Promise<CommitResult>;
  /**
   * Returns after everything that any client had committed before the call is visible to reads of this store, and
   * nothing that this store sent earlier can still take effect later. Costs one write, shared by concurrent callers.
   */
  barrier(options?: CallOptions): Promise<void>;
  /**
   * The ensemble's clock, in ms since 1970: the leader's time in the freshest answer to a write plus what a
   * monotonic clock has measured since. Never ahead of the leader by design, behind it by at most a write's latency.
   * Only meaningful once connected.
   */
  now(): number;
  /** Reads and writes sent so far, failed ones included, for metrics and for tests that count costs. */
  readonly counters: StoreCounters;
}

/** Tells how much the ensemble stores, by whichever gateway it was written. */
export interface StoreMeter {
  /** As the ensemble counts it by now. One read, and a few more calls the first time. Rejects with a StoreError. */
  size(): Promise<StoreSize>;
}

export interface StoreSize {
  readonly nodes: number;
  /** Of data, without what nodes cost beyond it. */
  readonly dataBytes: number;
}

export interface StoreCounters {
  reads: number;
  /** Write requests (a commit or a barrier is one, however many operations it has). */
  writes: number;
  /** Commits that lost: answered with a conflict. */
  conflicts: number;
  bytesWritten: number;
}

export type StoreErrorKind = 'unavailable' | 'unknown' | 'refused';

/**
 * Why the ensemble refused: a quota is exhausted, it has more requests than it takes, a node belongs to others, or
 * anything else.
 */
export type Refusal = 'quota' | 'throttled' | 'permission' | 'other';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly kind: StoreErrorKind;
  /** Of a `refused`. */
  readonly refusal: Refusal;

  constructor(
    kind: StoreErrorKind,
    message: string,
    options: ErrorOptions & { readonly refusal?: Refusal } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.refusal = options.refusal ?? 'other';
  }
}
