/** Counts by name: the first names have their own, all others share. */
import { describe, expect, test } from 'vitest';
import { type CountedName, Counts, countSettled } from '../../../../src/queue/runtime/counts.ts';

const queue = (name: string): CountedName => ({ kind: 'queue', name });
const subscription = (name: string, subscription: string): CountedName => ({
  kind: 'topic',
  name,
  subscription,
});
const namesOf = (counts: Counts) => [...counts.named()].map(({ name }) => name);

describe('names', () => {
  test('have counts of their own as long as there is room, and the same ones each time', () => {
    const counts = new Counts(3);
    counts.of(queue('a')).published += 1;
    counts.of(queue('a')).published += 1;
    counts.of({ kind: 'topic', name: 'a' }).published += 5;
    counts.of(subscription('a', 's')).acked += 1;
    expect(counts.of(queue('a'))).toMatchObject({ published: 2, acked: 0 });
    expect(namesOf(counts)).toEqual([queue('a'), { kind: 'topic', name: 'a' }, subscription('a', 's')]);
  });

  test('that come later share one set for queues, one for topics, one for subscriptions', () => {
    const counts = new Counts(1);
    counts.of(queue('first')).published += 1;
    for (let index = 0; index < 1000; index += 1) {
      counts.of(queue(`queue-${index}`)).published += 1;
      counts.of({ kind: 'topic', name: `topic-${index}` }).published += 1;
      counts.of(subscription(`topic-${index}`, `subscription-${index}`)).received += 1;
    }
    expect(namesOf(counts)).toEqual([
      queue('first'),
      queue('_other'),
      { kind: 'topic', name: '_other' },
      subscription('_other', '_other'),
    ]);
    expect(counts.of(queue('first')).published).toBe(1);
    expect(counts.of(queue('any')).published).toBe(1000);
    expect(counts.of(subscription('any', 'any')).received).toBe(1000);
    expect(counts.hasOwn(queue('first'))).toBe(true);
    expect(counts.hasOwn(queue('queue-1'))).toBe(false);
  });

  test('have none of their own when nothing is allowed for them', () => {
    const counts = new Counts(0);
    counts.of(queue('a')).published += 1;
    expect(namesOf(counts)).toEqual([queue('_other')]);
  });
});

test('a settlement counts by what was asked for when it was ok, as lost when it was, and not at all when invalid', () => {
  const counts = new Counts(1).of(queue('a'));
  const outcomes = (['ok', 'ok', 'lost', 'invalid'] as const).map((outcome) => ({ receipt: 'r', outcome }));
  countSettled(counts, 'nack', outcomes);
  expect(counts).toMatchObject({ nacked: 2, lost: 1, acked: 0 });
});
