import { describe, expect, it } from 'vitest';
import { BacklogLimit } from '../../../bench/load/backlog-limit.ts';
import { HttpAnswerReader } from '../../../bench/load/http-answer.ts';
import { bodyBytes, messageBody, publishedMs } from '../../../bench/load/message-body.ts';
import { Meter } from '../../../bench/load/meter.ts';

describe('a message body', () => {
  it('has 256 bytes and tells when it was published', () => {
    const body = messageBody(123_456.789);
    expect(Buffer.byteLength(body)).toBe(bodyBytes);
    expect(publishedMs(body)).toBe(123_456.789);
  });

  it('that is not whole is noticed', () => {
    expect(() => publishedMs(messageBody(1).slice(1))).toThrow('255 characters');
  });
});

describe('the reader of HTTP answers', () => {
  const read = (text: string, size: number) => {
    const reader = new HttpAnswerReader();
    const bytes = Buffer.from(text);
    const answers = [];
    for (let from = 0; from < bytes.length; from += size) {
      const answer = reader.add(bytes.subarray(from, from + size));
      if (answer !== undefined) answers.push(answer);
    }
    return answers;
  };
  const sized = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nh\u00e9ll';
  const chunked =
    'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n';
  const empty = 'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n';

  it.each([1, 2, 7, 1000])('finds the end, however the bytes come: %d at a time', (size) => {
    expect(read(sized, size)).toEqual([{ status: 200, body: 'h\u00e9ll' }]);
    expect(read(chunked, size)).toEqual([{ status: 201, body: 'abcde' }]);
    expect(read(empty, size)).toEqual([{ status: 204, body: '' }]);
    expect(read(sized + empty + sized, Math.min(size, 7))).toHaveLength(3);
  });

  it('refuses what it does not understand', () => {
    expect(() => read('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n', 100)).toThrow('without a length');
    expect(() => read('SSH-2.0-x\r\n\r\n', 100)).toThrow('not an answer');
  });
});

describe('the limit of the backlog', () => {
  it('lets producers go on when enough was received, or it is lifted', async () => {
    const meter = new Meter(1);
    const limit = new BacklogLimit(meter, 2);
    await limit.room();
    meter.published = 2;
    const passed: string[] = [];
    const first = limit.room().then(() => passed.push('first'));
    limit.received();
    await new Promise(setImmediate);
    expect(passed).toEqual([]);
    meter.received = 1;
    limit.received();
    await first;
    meter.published = 100;
    const second = limit.room().then(() => passed.push('second'));
    limit.lift();
    await second;
    expect(passed).toEqual(['first', 'second']);
  });
});

describe('the meter', () => {
  it('counts nothing outside of the measured time', () => {
    const meter = new Meter(2);
    meter.published = 5;
    meter.countReceived(0, 5);
    meter.took('ack', performance.now());
    meter.start();
    meter.published += 3;
    meter.acked += 2;
    meter.countReceived(1, 3);
    meter.took('publish', performance.now());
    meter.stop();
    meter.published += 10;
    meter.took('publish', performance.now());
    const { published, received, acked, receivedAt, latencies } = meter.result();
    expect({ published, received, acked, receivedAt }).toEqual({
      published: 3,
      received: 3,
      acked: 2,
      receivedAt: [0, 3],
    });
    expect(latencies.publish?.count).toBe(1);
    expect(latencies.ack).toBeUndefined();
  });
});
