import { expect, it } from 'vitest';
import { isStorable } from '../../../../src/queue/model/names.ts';

it('text with half a UTF-16 pair cannot be stored', () => {
  expect(isStorable('naïve 😀')).toBe(true);
  expect(isStorable('\ud83d')).toBe(false);
  expect(isStorable('a\ude00b')).toBe(false);
});
