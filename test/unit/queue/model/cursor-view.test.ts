import { expect, it } from 'vitest';
import { groupAt } from '../../../../src/queue/model/cursor-view.ts';

const entry = { start: 4, end: 6, bytes: 2, messages: undefined };

it('the group of a message is known from its own, or from that of all in the entry', () => {
  expect(groupAt({ ...entry, groups: ['a', ''] }, 4)).toBe('a');
  expect(groupAt({ ...entry, groups: ['a', ''] }, 5)).toBe('');
  expect(groupAt({ ...entry, groups: 'b' }, 5)).toBe('b');
  expect(groupAt({ ...entry, groups: undefined }, 5)).toBeUndefined();
});
