/**
 * Attempts: what a receive with an `attemptId` was given, so that repeating it at any gateway gives the same. Pure.
 *
 * A subscription has ATTEMPT_SHARDS nodes of them, each a JSON list that is rewritten with the leases it tells of, in
 * one commit. Whether a lease still holds is read from the pages; a record only says where to look. Records whose
 * lease has run out long ago go at the next rewriting.
 */
import { createHash } from 'node:crypto';
import type { Position } from './position.ts';

export interface AttemptRecord {
  readonly attempt: string;
  readonly generation: number;
  readonly lease: number;
  readonly untilMs: number;
  /** Which of its write's leases this was; with the write's transaction it makes the fencing token. */
  readonly index: number;
  /** Decimal; absent in the version of the node that was written with the lease, whose own transaction it is. */
  readonly zxid?: string;
  readonly positions: readonly Position[];
}

export const ATTEMPT_SHARDS = 16;
/** Beyond this a shard would become too large for one write; attempts are then refused until leases end. */
export const ATTEMPTS_BYTES_MAX = 256 * 1024;
/** Of a record without its positions, and of each of these. */
const RECORD_BYTES_MAX = 256;
const POSITION_BYTES_MAX = 56;
/** A lease that was extended outlives the end in its record by at most so much before a repeat is a new receive. */
const KEPT_AFTER_END_MS = 600_000;

/** Free-form text from a user never becomes part of the tree: its hash does. */
export function hashAttempt(attemptId: string): string {
  return createHash('sha256').update(attemptId).digest('base64url').slice(0, 22);
}

export function shardOf(attempt: string): number {
  return attempt.charCodeAt(0) % ATTEMPT_SHARDS;
}

export function encodeAttempts(records: readonly AttemptRecord[]): Buffer {
  return Buffer.from(JSON.stringify(records));
}

/** @param zxid transaction that wrote the node: that of the records that do not tell theirs */
export function decodeAttempts(data: Buffer, zxid: bigint): AttemptRecord[] {
  return (JSON.parse(data.toString()) as AttemptRecord[]).map((record) => ({
    zxid: zxid.toString(),
    ...record,
  }));
}

/** The records with one more, without those that are of no use any longer. */
export function withAttempt(
  records: readonly AttemptRecord[],
  added: AttemptRecord,
  nowMs: number,
): AttemptRecord[] {
  const kept = usefulAttempts(records, added.generation, nowMs);
  return [...kept.filter((record) => record.attempt !== added.attempt), added];
}

/** Those that are kept when their shard is written again. */
export function usefulAttempts(
  records: readonly AttemptRecord[],
  generation: number,
  nowMs: number,
): AttemptRecord[] {
  return records.filter(
    (record) => record.generation === generation && record.untilMs + KEPT_AFTER_END_MS > nowMs,
  );
}

/** Most bytes that the record of an attempt takes which gets up to so many messages. */
export function attemptBytesMax(messages: number): number {
  return RECORD_BYTES_MAX + messages * POSITION_BYTES_MAX;
}
