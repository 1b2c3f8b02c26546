/** Which messages carry the trace context of their publisher. */
import { describe, expect, test } from 'vitest';
import { BrokerError, type NewMessage } from '../../../../src/queue/index.ts';
import { carrying, withTraceContext } from '../../../../src/routes/v1/trace-attributes.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const contextBytes = 'traceparent'.length + traceparent.length;
const limits = { maxMessageBytes: 1000 };

function message(bytes = 10, attributes: Record<string, string> = {}): NewMessage {
  return {
    body: Buffer.alloc(bytes),
    bodyKind: 'bytes',
    contentType: 'application/octet-stream',
    attributes,
    priority: 0,
  };
}

describe('a message', () => {
  const attributesWith = (context: { traceparent: string; tracestate?: string }, ...messages: NewMessage[]) =>
    withTraceContext(context, [messages], limits)
      .flat()
      .map(({ attributes }) => attributes);

  test('carries the context beside its own attributes', () => {
    const context = { traceparent, tracestate: 'a=1' };
    expect(attributesWith(context, message(), message(10, { kind: 'x' }))).toEqual([
      context,
      { kind: 'x', ...context },
    ]);
  });

  test('that has either of the two attributes keeps what it has', () => {
    const own = [{ traceparent: 'mine' }, { tracestate: 'mine' }];
    const messages = own.map((attributes) => message(10, attributes));
    expect(attributesWith({ traceparent, tracestate: 'a=1' }, ...messages)).toEqual(own);
  });

  test('with no room among its attributes goes without, as does one that would be too large', () => {
    const full = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`a${index}`, '']));
    const { a0: _one, ...almost } = full;
    expect(attributesWith({ traceparent }, message(1, full), message(1, almost))).toEqual([
      full,
      { ...almost, traceparent },
    ]);
    expect(
      attributesWith({ traceparent }, message(1000 - contextBytes), message(1001 - contextBytes)),
    ).toEqual([{ traceparent }, {}]);
  });

  test('goes without once all messages of the request would be too large together', () => {
    const large = { maxMessageBytes: 921_600 };
    const [first, second] = withTraceContext(
      { traceparent },
      [[message(921_600 - 10 - contextBytes)], [message(10)]],
      large,
    ).flat();
    expect([first?.attributes, second?.attributes]).toEqual([{ traceparent }, {}]);
  });

  test('is not changed itself', () => {
    const attributes = Object.freeze({ kind: 'x' });
    withTraceContext({ traceparent }, [[Object.freeze({ ...message(), attributes })]], limits);
    expect(attributes).toEqual({ kind: 'x' });
  });
});

describe('publishing', () => {
  const tooLarge = new BrokerError('payload-too-large', 'no room in one write');

  test('goes on without the context when the broker has no room for it', async () => {
    const tried: object[] = [];
    const result = await carrying({ traceparent }, [[message()]], limits, async ([messages = []]) => {
      tried.push(...messages.map(({ attributes }) => attributes));
      if (tried.length === 1) throw tooLarge;
      return 'stored';
    });
    expect([result, tried]).toEqual(['stored', [{ traceparent }, {}]]);
  });

  test('fails as it would have without the context', async () => {
    const failing = (error: Error) =>
      carrying({ traceparent }, [[message()]], limits, () => Promise.reject(error));
    await expect(failing(tooLarge)).rejects.toBe(tooLarge);
    const unavailable = new BrokerError('unavailable', 'away');
    await expect(failing(unavailable)).rejects.toBe(unavailable);
  });
});
