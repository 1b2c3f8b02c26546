import { expect, test } from 'vitest';
import { Budget } from '../../../../src/queue/index.ts';
import { AnswerRoom } from '../../../../src/routes/http/answer-room.ts';

const MEBIBYTE = 1024 * 1024;

/** Whether a promise has resolved by now. */
async function isDone(promise: Promise<void>): Promise<boolean> {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

test('only so many streams read at a time as there is room for; the others come in their turn', async () => {
  const budget = new Budget(20 * MEBIBYTE);
  const rooms = Array.from({ length: 6 }, () => new AnswerRoom(budget));
  const entered = rooms.map((room) => room.enter());
  const done = () => Promise.all(entered.map(isDone));
  expect(await done()).toEqual([true, true, true, true, false, false]);
  expect(budget.used).toBe(20 * MEBIBYTE);
  rooms[2]?.leave();
  expect(await done()).toEqual([true, true, true, true, true, false]);
  for (const room of rooms) room.end();
  expect(budget.used).toBe(0);
});

test('what waits for a client counts instead of the room that it was made in', async () => {
  const budget = new Budget(100 * MEBIBYTE);
  const room = new AnswerRoom(budget);
  await room.enter();
  room.hold(300_000);
  room.leave();
  expect(budget.used).toBe(300_000);
  room.hold(100_000);
  expect(budget.used).toBe(100_000);
  room.end();
  expect(budget.used).toBe(0);
});

test('a stream that ends does not wait any more, and takes nothing', async () => {
  const budget = new Budget(10);
  budget.add(10);
  const room = new AnswerRoom(budget);
  const entered = room.enter();
  expect(await isDone(entered)).toBe(false);
  room.end();
  expect(await isDone(entered)).toBe(true);
  room.hold(5);
  expect(await isDone(room.enter())).toBe(true);
  expect(budget.used).toBe(10);
});

test('it is pressed when more than half is used', () => {
  const budget = new Budget(10);
  const room = new AnswerRoom(budget);
  budget.add(5);
  expect(room.isPressed).toBe(false);
  budget.add(1);
  expect(room.isPressed).toBe(true);
});
