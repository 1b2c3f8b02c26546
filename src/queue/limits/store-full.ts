/**
 * When the ensemble is full, which a publisher is told as 'store-full'. ZooKeeper holds all data in memory and dies when
 * that runs out, with every queue in it. Beyond a limit nobody may publish, while everything that makes room goes on.
 *
 * Other gateways write to the ensemble as well, so this one measures what is stored there, and only while somebody
 * publishes. A reading serves for a moment, together with what this gateway has added since. An old reading never makes
 * it refuse anything.
 */
import { BrokerError } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { StoreError, type StoreMeter, type StoreSize } from '../zookeeper/store.ts';

/**
 * What a node costs a server beyond its data, in bytes of its heap: measured with ZooKeeper 3.8.0 (680 with 20 bytes
 * of data and a path of 40). Without it, a store of small messages would seem to be a small store.
 */
export const NODE_BYTES = 640;

/** A reading younger than this is good enough to refuse by; an older one is replaced in passing. */
const FRESH_MS = 1_000;
/** A reading older than this is replaced before anything is admitted: others may have filled the store meanwhile. */
const OLD_MS = 10_000;
/** Between warnings that the store cannot be measured. */
const WARN_AGAIN_MS = 600_000;

interface Reading {
  readonly bytes: number;
  readonly atMs: number;
}

export class DataLimit {
  readonly #runtime: Pick<Runtime, 'timers' | 'logger'>;
  readonly #meter: StoreMeter;
  readonly #bytesMax: number;
  #reading: Reading | undefined;
  #addedBytes = 0;
  #measuring: Promise<void> | undefined;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  /** @param bytesMax what may be stored, where a node counts its data and NODE_BYTES */
  constructor(runtime: Pick<Runtime, 'timers' | 'logger'>, meter: StoreMeter, bytesMax: number) {
    this.#runtime = runtime;
    this.#meter = meter;
    this.#bytesMax = bytesMax;
  }

  /** Returns when so much more may be published. Throws BrokerError 'store-full'. */
  async admit(bytes: number): Promise<void> {
    if (bytes === 0) return;
    if (this.#ageMs() > OLD_MS) await this.#measure();
    if (this.#isFull(bytes) && this.#ageMs() > FRESH_MS) await this.#measure();
    const isFresh = this.#ageMs() <= FRESH_MS;
    if (isFresh && this.#isFull(bytes)) throw storeFull(this.#bytesMax);
    if (!isFresh) void this.#measure();
    this.#addedBytes += bytes;
  }

  /** How much is stored, by a reading that may be some seconds old; undefined when it can't be told. Never rejects. */
  async stored(): Promise<{ readonly bytes: number; readonly bytesMax: number } | undefined> {
    if (this.#ageMs() > OLD_MS) await this.#measure();
    const { bytes } = this.#reading ?? { bytes: Number.NEGATIVE_INFINITY };
    return Number.isFinite(bytes) ? { bytes: bytes + this.#addedBytes, bytesMax: this.#bytesMax } : undefined;
  }

  #isFull(bytes: number): boolean {
    return this.#reading !== undefined && this.#reading.bytes + this.#addedBytes + bytes > this.#bytesMax;
  }

  #ageMs(): number {
    const { timers } = this.#runtime;
    return this.#reading === undefined ? Number.POSITIVE_INFINITY : timers.monotonicMs() - this.#reading.atMs;
  }

  /** Shared by all who ask while it is under way. Never rejects: whether the ensemble is there, the publish will show. */
  #measure(): Promise<void> {
    this.#measuring ??= this.#read().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #read(): Promise<void> {
    const { timers } = this.#runtime;
    try {
      const size = await this.#meter.size();
      this.#reading = { bytes: bytesOf(size), atMs: timers.monotonicMs() };
      this.#addedBytes = 0;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.kind === 'refused') this.#unmeasurable(error);
    }
  }

  /** An operator may have kept the counting of data to himself: then this gateway goes on without a limit. */
  #unmeasurable(err: StoreError): void {
    const { timers, logger } = this.#runtime;
    const nowMs = timers.monotonicMs();
    this.#reading = { bytes: Number.NEGATIVE_INFINITY, atMs: nowMs };
    if (nowMs - this.#warnedAtMs < WARN_AGAIN_MS) return;
    this.#warnedAtMs = nowMs;
    logger.warn({ err }, 'the amount of data in ZooKeeper cannot be measured, and so is not limited');
  }
}

function bytesOf({ dataBytes, nodes }: StoreSize): number {
  return dataBytes + nodes * NODE_BYTES;
}

function storeFull(bytesMax: number): BrokerError {
  return new BrokerError(
    'store-full',
    `ZooKeeper holds as much data as it may (${bytesMax} bytes). ` +
      'Receive and ack messages, purge or delete what is no longer needed, or raise ZOOGATE_MAX_DATA_BYTES.',
  );
}
