/**
 * What a commit may contain, checked before anything is sent: the size that a server accepts, and versions that
 * mean what they say. Both are errors of the programmer, so both are assertions. Pure; shared by every `Store`.
 */

import assert from 'node:assert';
import type { Write } from './store.ts';

/**
 * Most bytes in one commit as `writeBytes` counts them. A server closes the connection on a packet of more than
 * 1,048,575 bytes, which fails everything else in flight with it; the rest is headroom for a long chroot.
 */
export const commitBytesMax = 1_000_000;

/** What a server accepts, less what a leader adds on the way to its followers. */
const packetBytesMax = 1_048_575 - 1_024;
/** Its length, the request's header, and the end of its operations. */
const packetFrameBytes = 4 + 8 + 9;

/** Upper bound of what the protocol adds to the path and the data of one operation. */
const protocolBytesPerWrite = 64;

/** How much one operation counts against `commitBytesMax`. */
export function writeBytes(write: Write): number {
  const dataBytes = 'data' in write ? write.data.length : 0;
  return Buffer.byteLength(write.path) + dataBytes + protocolBytesPerWrite;
}

/** Asserts that the commit may be sent, and returns its size. */
export function assertCommit(writes: readonly Write[]): number {
  assert.ok(writes.length > 0, 'a commit needs at least one operation');
  let bytes = 0;
  for (const write of writes) {
    assertPath(write.path);
    if (write.kind !== 'create') assertVersion(write.version, write.path);
    bytes += writeBytes(write);
  }
  assert.ok(bytes <= commitBytesMax, `a commit of ${bytes} bytes exceeds the limit of ${commitBytesMax}`);
  return bytes;
}

/**
 * Asserts that the commit still fits into a packet once the chroot stands in front of every path, and every node that
 * is created is given an access control list of so many bytes.
 */
export function assertPacket(
  writes: readonly Write[],
  commitBytes: number,
  chroot: string,
  aclBytes: number,
): void {
  const chrootBytes = Buffer.byteLength(chroot);
  // Mostly it is so small that an upper bound of its size will do.
  if (commitBytes + writes.length * (chrootBytes + aclBytes) <= packetBytesMax) return;
  const bytes = packetBytes(writes, chrootBytes, aclBytes);
  assert.ok(bytes <= packetBytesMax, `a commit of ${bytes} bytes with its chroot exceeds a packet`);
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
