/**
 * A transaction on the wire: the bytes of its request, and what its reply says. Pure.
 *
 * node-zookeeper-client puts together and takes apart each field by its name in a specification, with a closure, a
 * pattern and a copy for most of them. Where little gathers for one commit, at one client or a thousand queues, that
 * was nearly a third of all of a gateway's work. Layout: `zookeeper.jute` and `MultiOperationRecord` in ZooKeeper's
 * sources.
 */

import { type AclEntry, aclBytes } from './acl.ts';
import type { NodeStat, Write } from './store.ts';
import { packetBytes } from './writes.ts';

/** The type of a result that carries an error, also for operations that would have succeeded. */
export const ERROR_TYPE = -1;

/** One operation's result in the reply to a transaction; `err` comes with ERROR_TYPE alone. */
export interface OperationReply {
  readonly type: number;
  readonly path?: string;
  readonly stat?: NodeStat;
  readonly err?: number;
}

/** The number of a transaction among the protocol's operations. */
export const TRANSACTION_TYPE = 14;

const types = { create: 1, delete: 2, set: 5, check: 13 } as const;
/** Of a node that is created: it outlives its session, and may be given a number. */
const modes = { persistent: 0, sequential: 2 } as const;
const lengthBytes = 4;
/** Length, number of the request, transaction id, error. */
const replyHeaderBytes = 20;
const statBytes = 68;

/** An access control list as each node's creation carries it. */
export function encodedAcl(acl: readonly AclEntry[]): Buffer {
  const bytes = Buffer.alloc(lengthBytes + aclBytes(acl));
  let offset = bytes.writeInt32BE(acl.length, 0);
  for (const { permissions, scheme, id } of acl) {
    offset = bytes.writeInt32BE(permissions, offset);
    offset = writeText(bytes, scheme, offset);
    offset = writeText(bytes, id, offset);
  }
  return bytes;
}

/**
 * The whole frame of a request.
 *
 * @param xid the request's number
 * @param acl of nodes that are created, as encoded
 */
export function transactionFrame(xid: number, writes: readonly Write[], acl: Buffer): Buffer {
  const size = packetBytes(writes, 0, acl.length - lengthBytes);
  // Each byte is written below.
  const frame = Buffer.allocUnsafe(size);
  let offset = frame.writeInt32BE(size - lengthBytes, 0);
  offset = frame.writeInt32BE(xid, offset);
  offset = frame.writeInt32BE(TRANSACTION_TYPE, offset);
  for (const write of writes) {
    offset = writeOperationHeader(frame, types[write.kind], false, offset);
    offset = writeText(frame, write.path, offset);
    if ('data' in write) {
      offset = frame.writeInt32BE(write.data.length, offset);
      offset += write.data.copy(frame, offset);
    }
    if (write.kind === 'create') {
      offset += acl.copy(frame, offset);
      offset = frame.writeInt32BE(write.sequential ? modes.sequential : modes.persistent, offset);
    } else {
      offset = frame.writeInt32BE(write.version, offset);
    }
  }
  offset = writeOperationHeader(frame, -1, true, offset);
  if (offset !== size) throw new Error(`a transaction of ${offset} bytes was taken to have ${size}`);
  return frame;
}

/** The results in the frame of a reply without an error of its own. Throws when they make no sense. */
export function transactionResults(frame: Buffer): OperationReply[] {
  const results: OperationReply[] = [];
  let offset = replyHeaderBytes;
  for (;;) {
    const type = frame.readInt32BE(offset);
    const isEnd = frame.readUInt8(offset + 4) !== 0;
    offset += 9;
    if (isEnd) return results;
    switch (type) {
      case types.create: {
        const start = offset + lengthBytes;
        const end = start + frame.readInt32BE(offset);
        if (end < start || end > frame.length)
          throw new RangeError(`impossible path from ${start} to ${end}`);
        results.push({ type, path: frame.toString('utf8', start, end) });
        offset = end;
        break;
      }
      case types.set:
        results.push({ type, stat: statAt(frame, offset) });
        offset += statBytes;
        break;
      case types.delete:
      case types.check:
        results.push({ type });
        break;
      case ERROR_TYPE:
        results.push({ type, err: frame.readInt32BE(offset) });
        offset += 4;
        break;
      default:
        throw new RangeError(`a result of an unknown type: ${type}`);
    }
  }
}

/** czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, dataLength, numChildren, pzxid. */
function statAt(frame: Buffer, offset: number): NodeStat {
  return {
    version: frame.readInt32BE(offset + 32),
    mzxid: frame.readBigInt64BE(offset + 8),
    ctimeMs: Number(frame.readBigInt64BE(offset + 16)),
    mtimeMs: Number(frame.readBigInt64BE(offset + 24)),
    childChanges: frame.readInt32BE(offset + 36),
    childCount: frame.readInt32BE(offset + 56),
  };
}

function writeOperationHeader(frame: Buffer, type: number, isEnd: boolean, offset: number): number {
  let end = frame.writeInt32BE(type, offset);
  end = frame.writeUInt8(isEnd ? 1 : 0, end);
  return frame.writeInt32BE(-1, end);
}

function writeText(frame: Buffer, text: string, offset: number): number {
  const start = offset + lengthBytes;
  const bytes = frame.write(text, start);
  frame.writeInt32BE(bytes, offset);
  return start + bytes;
}
