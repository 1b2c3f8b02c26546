import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../../src/queue/zookeeper/frames.ts';

function frameOf(content: string): Buffer {
  const body = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.nat(50)), (contents, cuts) => {
        const stream = Buffer.concat(contents.map(frameOf));
        const reader = new FrameReader();
        const delivered: string[] = [];
        let start = 0;
        for (const end of [
          ...cuts.map((cut, index) => cut + index * 10).sort((a, b) => a - b),
          stream.length,
        ]) {
          if (end < start || end > stream.length) continue;
          reader.push(stream.subarray(start, end), (frame) => delivered.push(frame.toString('utf8', 4)) > 0);
          start = end;
        }
        expect(delivered).toEqual(contents);
      }),
    );
  });

  it('come out one byte at a time', () => {
    const reader = new FrameReader();
    const delivered: string[] = [];
    for (const byte of Buffer.concat([frameOf('one'), frameOf(''), frameOf('two')])) {
      reader.push(Buffer.of(byte), (frame) => delivered.push(frame.toString('utf8', 4)) > 0);
    }
    expect(delivered).toEqual(['one', '', 'two']);
  });

  it('come out by the hundred thousand from one piece, without deep recursion', () => {
    const stream = Buffer.concat(Array.from({ length: 100_000 }, () => frameOf('x')));
    let delivered = 0;
    new FrameReader().push(stream, () => {
      delivered += 1;
      return true;
    });
    expect(delivered).toBe(100_000);
  });

  it('stop when the receiver says so', () => {
    const delivered: string[] = [];
    const stream = Buffer.concat([frameOf('one'), frameOf('two')]);
    new FrameReader().push(stream, (frame) => {
      delivered.push(frame.toString('utf8', 4));
      return false;
    });
    expect(delivered).toEqual(['one']);
  });

  it('with an impossible length throw', () => {
    for (const length of ['ffffffff', '7fffffff', '04000001']) {
      expect(() => new FrameReader().push(Buffer.from(length, 'hex'), () => true)).toThrow(RangeError);
    }
  });
});
