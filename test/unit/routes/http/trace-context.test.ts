/** Which headers are a trace context. */
import { describe, expect, test } from 'vitest';
import { traceContextOf } from '../../../../src/routes/http/trace-context.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a trace context', () => {
  test('is a valid traceparent, with the tracestate beside it', () => {
    expect(traceContextOf({ traceparent, tracestate: 'a=1,b=2' })).toEqual({
      traceparent,
      tracestate: 'a=1,b=2',
    });
    expect(traceContextOf({ traceparent })).toEqual({ traceparent });
  });

  test('of a later version may have more at its end', () => {
    const later = traceparent.replace(/^00/, 'cc');
    expect(traceContextOf({ traceparent: later })).toEqual({ traceparent: later });
    expect(traceContextOf({ traceparent: `${later}-more` })).toEqual({ traceparent: `${later}-more` });
  });

  test.each([
    ['nothing', undefined],
    ['no traceparent', 'x'],
    ['the forbidden version', traceparent.replace(/^00/, 'ff')],
    ['more at the end of version 00', `${traceparent}-more`],
    ['upper case', traceparent.toUpperCase()],
    ['a trace of zeros', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`],
    ['a parent of zeros', `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`],
    ['two of them', `${traceparent}, ${traceparent}`],
    ['a very long one', `cc${traceparent.slice(2)}-${'x'.repeat(300)}`],
  ])('is not %s', (_what, text) => {
    expect(traceContextOf(text === undefined ? {} : { traceparent: text })).toBeUndefined();
  });

  test('is without a tracestate that is too long, empty or not ASCII, or without a traceparent', () => {
    for (const tracestate of ['x'.repeat(513), '', 'a=é']) {
      expect(traceContextOf({ traceparent, tracestate })).toEqual({ traceparent });
    }
    expect(traceContextOf({ tracestate: 'a=1' })).toBeUndefined();
  });
});
