import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { readBytes } from '../../../../src/routes/http/request-bodies.ts';

const SHARE = { expectBody: () => {}, holdBody: () => {} };

/** A request whose body comes in the pieces that are emitted. */
function incoming(): IncomingMessage {
  const request = { headers: { 'transfer-encoding': 'chunked' }, destroyed: false, complete: false };
  return Object.assign(new EventEmitter(), request) as unknown as IncomingMessage;
}

describe('a body that is read', () => {
  it('is the bytes of its chunks, however many there are', async () => {
    for (const chunks of [[], ['one'], ['a', 'b'], Array.from({ length: 1000 }, (_, index) => `${index},`)]) {
      const request = incoming();
      const read = readBytes(request, 1_000_000, SHARE);
      for (const chunk of chunks) request.emit('data', Buffer.from(chunk));
      request.emit('end');
      expect((await read).toString()).toBe(chunks.join(''));
    }
  });

  it('takes no more memory than its bytes, in chunks of a byte each', async () => {
    const count = 1_000_000;
    const request = incoming();
    const read = readBytes(request, count, SHARE);
    const slab = Buffer.alloc(64 * 1024, 'x');
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < count; index += 1) {
      const at = index % slab.length;
      request.emit('data', slab.subarray(at, at + 1));
    }
    // A buffer of its own for each is a hundred bytes and more.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(60 * 1024 * 1024);
    request.emit('end');
    expect(await read).toHaveLength(count);
  });
});
