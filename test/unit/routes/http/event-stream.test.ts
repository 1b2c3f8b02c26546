import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../../src/queue/index.ts';
import { AnswerRoom } from '../../../../src/routes/http/answer-room.ts';
import {
  eventText,
  retryText,
  type StreamLimits,
  writeEvents,
} from '../../../../src/routes/http/event-stream.ts';

const NEVER = new AbortController().signal;
const LIMITS = { heartbeatMs: 60_000, stalledMs: 60_000, pressedMs: 60_000, bufferedBytesMax: 100 };

async function* only(...batches: string[][]): AsyncGenerator<readonly string[]> {
  yield* batches;
}

/** Nothing, until it is told to end. */
function silence(): AsyncIterable<readonly string[]> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
}

/** Writes texts as they are. */
function write(
  response: Writable,
  batches: AsyncIterable<readonly string[]>,
  limits: StreamLimits,
  signal: AbortSignal,
  answerBytes = new Budget(Number.POSITIVE_INFINITY),
): Promise<void> {
  const room = new AnswerRoom(answerBytes);
  return writeEvents(response, '', batches, (text) => text, { limits, signal, room });
}

/** A client that never takes anything. */
function silentReader(): Writable {
  return new Writable({ highWaterMark: 10, write() {} });
}

describe('the text of an event', () => {
  it('has its id and its data', () => {
    expect(eventText({ id: '7', data: '{"a":1}' })).toBe('id: 7\ndata: {"a":1}\n\n');
  });

  it('has its type first', () => {
    expect(eventText({ event: 'gap', data: '{}' })).toBe('event: gap\ndata: {}\n\n');
  });

  it('begins a line for each line break in the data, of whatever kind', () => {
    expect(eventText({ data: '{\n"a":\r\n1\r,\n\r"b":2}' })).toBe(
      'data: {\ndata: "a":\ndata: 1\ndata: ,\ndata: \ndata: "b":2}\n\n',
    );
  });

  it('tells how long to wait before connecting again', () => {
    expect(retryText(1000)).toBe('retry: 1000\n\n');
  });
});

describe('writing events', () => {
  it('writes all of them and ends', async () => {
    const response = new PassThrough();
    await write(response, only(['a', 'b'], [], ['c']), LIMITS, NEVER);
    expect(response.read()?.toString()).toBe('abc');
    expect(response.writableEnded).toBe(true);
  });

  it('ends the response when the signal aborts, whatever the source does', async () => {
    const response = new PassThrough().resume();
    const closing = new AbortController();
    void write(response, silence(), LIMITS, closing.signal);
    closing.abort();
    await once(response, 'close');
    expect(response.writableFinished).toBe(true);
  });

  it('ends the response at once when the signal has aborted already', async () => {
    const response = new PassThrough().resume();
    await write(response, only(['a']), LIMITS, AbortSignal.abort());
    expect(response.writableEnded).toBe(true);
  });

  it('ends the response and passes on the error when the source fails', async () => {
    const response = new PassThrough().resume();
    async function* failing(): AsyncGenerator<readonly string[]> {
      yield ['a'];
      throw new Error('no more');
    }
    await expect(write(response, failing(), LIMITS, NEVER)).rejects.toThrow('no more');
    expect(response.writableEnded).toBe(true);
  });

  it('shows a silent stream to be alive', async () => {
    const response = new PassThrough();
    const closing = new AbortController();
    void write(response, silence(), { ...LIMITS, heartbeatMs: 1 }, closing.signal);
    const [chunk] = await once(response, 'data');
    closing.abort();
    expect(String(chunk)).toMatch(/^(:\n\n)+$/);
  });

  it('reads nothing more for a client that does not take what waits for it, and drops it', async () => {
    const response = silentReader();
    let produced = 0;
    async function* endless(): AsyncGenerator<readonly string[]> {
      for (;;) {
        produced += 1;
        yield ['x'.repeat(60)];
      }
    }
    await write(response, endless(), { ...LIMITS, stalledMs: 20, heartbeatMs: 1 }, NEVER);
    expect(response.destroyed).toBe(true);
    expect(produced).toBe(2);
    expect(response.writableLength).toBe(120);
  });

  it('counts what waits with all other answers, asks for less of it when these are too many, and gives it back', async () => {
    const answerBytes = new Budget(50_000);
    const limits = { ...LIMITS, stalledMs: 50, bufferedBytesMax: 1_000_000 };
    const readers = [silentReader(), silentReader(), silentReader()];
    const writing = readers.map((response) =>
      write(response, only(...Array(100).fill(['x'.repeat(10_000)])), limits, NEVER, answerBytes),
    );
    await expect.poll(() => answerBytes.used).toBe(30_000);
    await Promise.all(writing);
    expect(readers.map(({ writableLength }) => writableLength)).toEqual([10_000, 10_000, 10_000]);
    expect(answerBytes.used).toBe(0);
  });

  it('says its opening first', async () => {
    const response = new PassThrough();
    const room = new AnswerRoom(new Budget(1000));
    await writeEvents(response, 'hello ', only(['a']), (text) => text, {
      limits: LIMITS,
      signal: NEVER,
      room,
    });
    expect(response.read()?.toString()).toBe('hello a');
  });

  it('drops a client that does not take even the little that waits for it', async () => {
    const response = silentReader();
    void write(response, onlyThenSilence('x'.repeat(20)), { ...LIMITS, stalledMs: 20 }, NEVER);
    await once(response, 'close');
    expect(response.destroyed).toBe(true);
  });

  it('drops a client sooner while others find no room', async () => {
    const answerBytes = new Budget(1_000);
    const limits = { ...LIMITS, pressedMs: 20 };
    const response = silentReader();
    void write(response, onlyThenSilence('x'.repeat(20)), limits, NEVER, answerBytes);
    await expect.poll(() => answerBytes.used).toBe(20);
    answerBytes.add(600);
    await once(response, 'close');
    expect(answerBytes.used).toBe(600);
  });

  it('waits for a client that is slow but takes what it gets', async () => {
    const taken: string[] = [];
    const response = new Writable({
      highWaterMark: 10,
      write(chunk, _encoding, done) {
        taken.push(String(chunk));
        setTimeout(done, 1);
      },
    });
    const texts = Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(60));
    await write(response, only(texts), LIMITS, NEVER);
    await once(response, 'finish');
    expect(taken.filter((text) => text !== '')).toEqual(texts);
  });
});

async function* onlyThenSilence(text: string): AsyncGenerator<readonly string[]> {
  yield [text];
  yield* silence();
}
