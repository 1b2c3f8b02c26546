/** How the ensemble answers: for whoever watches, as plain numbers that only grow. */
import { Distribution } from '../model/distribution.ts';
import { codes, conflictReason } from './codes.ts';

/** In seconds. A healthy ensemble answers a read from memory, and a write when a quorum has it on disk. */
const LATENCY_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export class StoreMeasures {
  /** From the socket to the answer, without the waiting for a turn before. */
  readonly readSeconds = new Distribution(LATENCY_BOUNDS);
  readonly writeSeconds = new Distribution(LATENCY_BOUNDS);
  /** Not sent in time, not answered, or refused by the ensemble. */
  failedReads = 0;
  failedWrites = 0;

  noteFailed(isWrite: boolean): void {
    if (isWrite) this.failedWrites += 1;
    else this.failedReads += 1;
  }

  /** @param isWanted whether the caller still waits: what it was told to have failed already has been counted */
  noteReply(isWrite: boolean, code: number, durationMs: number, isWanted: boolean): void {
    if (code !== codes.connectionLoss)
      (isWrite ? this.writeSeconds : this.readSeconds).add(durationMs / 1000);
    const isValue = code === codes.ok || conflictReason(code) !== undefined;
    if (!isValue && isWanted) this.noteFailed(isWrite);
  }
}
