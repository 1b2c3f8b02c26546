/**
 * Receipts: one delivery under one lease, in an opaque string that any gateway can act on with no other state. Pure.
 *
 * base64url of: format (1 byte), check (4 bytes), then as variable-length integers the generation, level, segment,
 * offset and lease. The check is a hash over these and over the subscription's identity (incarnation and name), so
 * that a receipt of another queue, or one that was damaged on the way, is told from one of ours that is merely old.
 * It is no signature: who may consume from a queue may also guess; the lease number is what makes that hopeless. So
 * the hash is the cheapest one that sees every bit (FNV-1a): one of cryptography cost more than all else in an ack.
 */
import type { Position } from './position.ts';

export interface Receipt extends Position {
  readonly generation: number;
  readonly lease: number;
}

const FORMAT = 2;
const HEAD_BYTES = 5;
/** Five integers of at most eight bytes each. */
const RECEIPT_BYTES_MAX = HEAD_BYTES + 40;
/** Longer than that was never a receipt. */
export const RECEIPT_CHARACTERS_MAX = 64;

/** Parameters of FNV-1a for 32 bits, from its authors' draft-eastlake-fnv. */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * What all receipts of a subscription have in common, made once for many of them.
 *
 * @param identity what the receipts belong to: the incarnation's id and the subscription's name
 */
export function sealOf(identity: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < identity.length; index += 1) {
    const unit = identity.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    hash = Math.imul(hash ^ (unit >> 8), FNV_PRIME);
  }
  return hash;
}

/** For the bytes of one receipt. Every call writes before it reads; a buffer for each took half of a call's time. */
const scratch = Buffer.alloc(Math.max(RECEIPT_BYTES_MAX, RECEIPT_CHARACTERS_MAX));

/** @param seal of the subscription: `sealOf` */
export function encodeReceipt(receipt: Receipt, seal: number): string {
  const data = scratch;
  let end = writeVarint(data, HEAD_BYTES, receipt.generation);
  end = writeVarint(data, end, receipt.level);
  end = writeVarint(data, end, receipt.segment);
  end = writeVarint(data, end, receipt.offset);
  end = writeVarint(data, end, receipt.lease);
  data[0] = FORMAT;
  data.writeInt32BE(check(data, end, seal), 1);
  return data.toString('base64url', 0, end);
}

/** The receipt, or undefined when the text was never one of the subscription that the seal is of. */
export function decodeReceipt(text: string, seal: number): Receipt | undefined {
  if (text.length > RECEIPT_CHARACTERS_MAX) return undefined;
  const data = scratch;
  const end = data.write(text, 'base64url');
  if (end <= HEAD_BYTES || data[0] !== FORMAT) return undefined;
  if (data.readInt32BE(1) !== check(data, end, seal)) return undefined;
  // The decoder skips what is not of the alphabet; only the one canonical spelling is a receipt.
  if (data.toString('base64url', 0, end) !== text) return undefined;
  const [generation, level, segment, offset, lease] = readVarints(data, HEAD_BYTES, end);
  if (generation === undefined || level === undefined || segment === undefined) return undefined;
  if (offset === undefined || lease === undefined) return undefined;
  return { generation, level, segment, offset, lease };
}

function check(data: Buffer, end: number, seal: number): number {
  let hash = seal;
  for (let at = HEAD_BYTES; at < end; at += 1) hash = Math.imul(hash ^ (data[at] as number), FNV_PRIME);
  return hash;
}

/** Seven bits a byte, low first; divisions because bitwise operators end at 32 bits. @returns the end */
function writeVarint(data: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 128) {
    data[at] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
    at += 1;
  }
  data[at] = rest;
  return at + 1;
}

function readVarints(data: Buffer, start: number, end: number): number[] {
  const values: number[] = [];
  let value = 0;
  let scale = 1;
  for (let at = start; at < end; at += 1) {
    const byte = data[at] as number;
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
