import { describe, expect, it } from 'vitest';
import { preconditionOfChange, preconditionOfPut } from '../../../../src/routes/http/entity-tags.ts';

describe('If-Match and If-None-Match', () => {
  it.each([
    ['*', '*'],
    ['"a"', ['a']],
    ['"a", "b,c" ,W/"d",, "e"', ['a', 'b,c', 'e']],
    ['W/"a"', []],
    ['""', ['']],
  ])('If-Match: %s means %j', (header, expected) => {
    expect(preconditionOfChange({ 'if-match': header })).toEqual({ ifMatch: expected });
  });

  it.each(['a', '"a', 'w/"a"', '"a" "b"', '*, "a"'])('If-Match: %s is refused', (header) => {
    expect(() => preconditionOfChange({ 'if-match': header })).toThrow(/If-Match/);
  });

  it('means to create only with If-None-Match: * and nothing else', () => {
    expect(preconditionOfPut({ 'if-none-match': '*' })).toEqual({ ifAbsent: true });
    expect(() => preconditionOfPut({ 'if-none-match': '"a"' })).toThrow(/If-None-Match/);
  });

  it('sets no condition when there is none', () => {
    expect(preconditionOfPut({})).toEqual({});
  });
});
