/**
 * Receipts: one delivery under one lease, in an opaque string that any gateway can act on with no other state. Pure.
 *
 * base64url of: format (1 byte), check (4 bytes), then as variable-length integers the generation, level, segment,
 * offset and lease. The check is a hash over these and over the subscription's identity (incarnation and name), so
 * that a receipt of another queue, or one that was damaged on the way, is told from one of ours that is merely old.
 * It is no signature: who may consume from a queue may also guess; the lease number is what makes that hopeless.
 */
import { createHash } from 'node:crypto';
import type { Position } from './position.ts';

export interface Receipt extends Position {
  readonly generation: number;
  readonly lease: number;
}

const FORMAT = 1;
const CHECK_BYTES = 4;
/** Format, check and five integers of at most eight bytes each: longer than that was never a receipt. */
export const RECEIPT_CHARACTERS_MAX = 64;

/** @param identity what the receipt belongs to: the incarnation's id and the subscription's name */
export function encodeReceipt(receipt: Receipt, identity: string): string {
  const fields: number[] = [];
  for (const value of [receipt.generation, receipt.level, receipt.segment, receipt.offset, receipt.lease]) {
    pushVarint(fields, value);
  }
  const body = Buffer.from(fields);
  return Buffer.concat([Buffer.of(FORMAT), check(body, identity), body]).toString('base64url');
}

/** The receipt, or undefined when the text was never a receipt of `identity`. */
export function decodeReceipt(text: string, identity: string): Receipt | undefined {
  if (text.length > RECEIPT_CHARACTERS_MAX) return undefined;
  const data = Buffer.from(text, 'base64url');
  // The decoder skips what is not of the alphabet; only the one canonical spelling is a receipt.
  if (data.toString('base64url') !== text) return undefined;
  const body = data.subarray(1 + CHECK_BYTES);
  if (data[0] !== FORMAT || !check(body, identity).equals(data.subarray(1, 1 + CHECK_BYTES)))
    return undefined;
  const [generation, level, segment, offset, lease] = readVarints(body);
  if (generation === undefined || level === undefined || segment === undefined) return undefined;
  if (offset === undefined || lease === undefined) return undefined;
  return { generation, level, segment, offset, lease };
}

function check(body: Buffer, identity: string): Buffer {
  return createHash('sha1').update(identity).update('\0').update(body).digest().subarray(0, CHECK_BYTES);
}

/** Seven bits a byte, low first; divisions because bitwise operators end at 32 bits. */
function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
}

function readVarints(bytes: Buffer): number[] {
  const values: number[] = [];
  let value = 0;
  let scale = 1;
  for (const byte of bytes) {
    value += (byte % 128) * scale;
    scale *= 128;
    if (byte < 128) {
      values.push(value);
      value = 0;
      scale = 1;
    }
  }
  return values;
}
