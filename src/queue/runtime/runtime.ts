/**
 * What the engine takes from the outside world, passed in by whoever composes it: the store, time, chance and a log.
 * Nothing below `src/queue` reads a clock, draws a random number or sets a timer in any other way, so that a whole
 * cluster can be run in virtual time from a seed.
 */

import type { Logger } from '../model/logger.ts';
import type { SegmentLimits } from '../model/segment.ts';
import type { Store } from '../zookeeper/store.ts';
import type { Counts } from './counts.ts';

export interface Timers {
  /** Monotonic, in ms; only differences mean anything. */
  monotonicMs(): number;
  /** Runs `callback` once after `delayMs` unless the returned function is called first. Keeps no process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface Random {
  /** Evenly distributed in [0, 1). */
  fraction(): number;
  /** `length` characters of [0-9a-z], about 5.17 bits each. */
  token(length: number): string;
}

/** What this gateway bears at a time, over all its queues and topics. Both throw BrokerError 'rate-limited'. */
export interface Load {
  /** Takes a place to wait in, until the returned function is called. */
  wait(): () => void;
  /** Takes room for messages to be stored, in bytes, until the returned function is called. */
  queue(bytes: number): () => void;
}

/** What the ensemble bears. */
export interface Room {
  /** Returns when so many more bytes may be published. Throws BrokerError 'store-full'. */
  admit(bytes: number): Promise<void>;
}

export interface Runtime {
  readonly store: Store;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  /** What this gateway has done, for whoever shows it. */
  readonly counts: Counts;
  /** Longest time that one request may wait for the ensemble. */
  readonly requestTimeoutMs: number;
  /** What this gateway bears at a time. */
  readonly load: Load;
  /** What the ensemble bears, when that is limited. */
  readonly dataLimit?: Room;
  readonly segmentLimits: SegmentLimits;
}
