import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantMs, instantText } from '../../../../src/routes/http/instants.ts';

describe('instants', () => {
  it.each([
    ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31t12:00:00.1239z', '2030-01-31T12:00:00.123Z'],
    ['2030-01-31T12:00:00+05:30', '2030-01-31T06:30:00.000Z'],
    ['2030-01-31T23:30:00-01:00', '2030-02-01T00:30:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(instantText(instantMs(text) ?? Number.NaN)).toBe(expected);
  });

  it.each([
    '',
    '2030-01-31',
    '2030-01-31T12:00:00',
    '2030-01-31 12:00:00Z',
    '2030-02-30T12:00:00Z',
    '2029-02-29T12:00:00Z',
    '2030-13-01T12:00:00Z',
    '2030-00-10T12:00:00Z',
    '2030-01-31T24:00:00Z',
    '2030-01-31T12:60:00Z',
    '2030-01-31T12:00:00+24:00',
    '2030-01-31T12:00:00.Z',
    '1893456000',
    ' 2030-01-31T12:00:00Z',
  ])('%j is none', (text) => {
    expect(instantMs(text)).toBeUndefined();
  });

  it('come back as they went out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (ms) => {
        expect(instantMs(instantText(ms))).toBe(ms);
      }),
    );
  });
});
