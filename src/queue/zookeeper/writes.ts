/**
 * What a commit may contain, checked before anything is sent: the size that a server accepts, and versions that
 * mean what they say. Both are errors of the programmer, so both are assertions: who makes a commit has asked its store
 * what fits. Pure; shared by every `Store`.
 */

import assert from 'node:assert';
import type { PacketLimits, Write } from './store.ts';

/**
 * Most bytes in one packet: a server closes the connection on one of more than 1,048,575 bytes, which fails everything
 * else in flight with it. The rest is for what a leader adds on the way to its followers.
 */
export const packetBytesMax = 1_048_575 - 1_024;

/** Its length, the request's header, and the end of its operations. */
const packetFrameBytes = 4 + 8 + 9;
/** Most of what one operation takes beside its path, data, chroot and access control list. */
const operationBytesMax = 9 + 4 + 4 + 4 + 4;
/** What a leader adds to the path of a node that is given a number, and to each that is created. */
const sequenceBytes = 10;
const createdBytes = 1;

/** What a commit becomes at one store, with its chroot, and the access control list of each node that is created. */
export class Packet implements PacketLimits {
  readonly bytesMax: number;
  readonly bytesPerWrite: number;
  readonly #chrootBytes: number;
  readonly #aclBytes: number;

  constructor(chrootBytes = 0, aclBytes = 0, bytesMax = packetBytesMax) {
    this.bytesMax = bytesMax;
    this.bytesPerWrite = operationBytesMax + sequenceBytes + createdBytes + chrootBytes + aclBytes;
    this.#chrootBytes = chrootBytes;
    this.#aclBytes = aclBytes;
  }

  bytesOf(writes: readonly Write[]): number {
    let bytes = packetBytes(writes, this.#chrootBytes, this.#aclBytes);
    for (const write of writes)
      if (write.kind === 'create') bytes += createdBytes + (write.sequential === true ? sequenceBytes : 0);
    return bytes;
  }
}

/** Asserts that the commit may be sent, and returns its size. */
export function assertCommit(writes: readonly Write[], packet: PacketLimits): number {
  assert.ok(writes.length > 0, 'a commit needs at least one operation');
  for (const write of writes) {
    assertPath(write.path);
    if (write.kind !== 'create') assertVersion(write.version, write.path);
  }
  const bytes = packet.bytesOf(writes);
  const limit = packet.bytesMax;
  assert.ok(
    bytes <= limit,
    `a commit of ${bytes} bytes with its chroot exceeds a packet's limit of ${limit}`,
  );
  return bytes;
}

/** The size of the packet that a commit becomes. */
export function packetBytes(writes: readonly Write[], chrootBytes: number, aclBytes: number): number {
  let bytes = packetFrameBytes;
  for (const write of writes) {
    // Header, length of the path, and a version, or the number of entries in the list.
    bytes += 9 + 4 + chrootBytes + Buffer.byteLength(write.path) + 4;
    if ('data' in write) bytes += 4 + write.data.length;
    if (write.kind === 'create') bytes += aclBytes + 4;
  }
  return bytes;
}

const canonical = /^(?:\/(?!\.{1,2}(?:\/|$))[^/]+)+$/;

/** Asserts that the path is absolute and has neither empty nor relative parts. */
export function assertPath(path: string): void {
  assert.ok(path === '/' || canonical.test(path), `not a canonical path: ${path}`);
}

function assertVersion(version: number, path: string): void {
  assert.ok(Number.isInteger(version), `version of ${path} is not an integer: ${version}`);
  assert.ok(
    version !== 0 && (version | 0) === version,
    `version ${version} of ${path}: nodes that are compared start at 1 (create and set in one commit)`,
  );
}
