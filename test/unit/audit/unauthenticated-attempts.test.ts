import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UnauthenticatedAttempts } from '../../../src/audit/unauthenticated-attempts.ts';

let lines: object[];
let attempts: UnauthenticatedAttempts;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  attempts = new UnauthenticatedAttempts({ warn: (line: unknown) => void lines.push(line as object) });
});
afterEach(() => vi.useRealTimers());

const from = (...addresses: string[]) => {
  for (const remoteAddress of addresses) attempts.note({ remoteAddress });
};

test('the first is told at once, the others in one line a minute', () => {
  from('192.0.2.1');
  expect(lines).toEqual([{ attempts: 1, remoteAddresses: ['192.0.2.1'] }]);
  from('192.0.2.2', '192.0.2.3', '192.0.2.2');
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(lines[1]).toEqual({ attempts: 3, remoteAddresses: ['192.0.2.2', '192.0.2.3'] });
});

test('after a quiet minute the next one is a first one again', () => {
  from('192.0.2.1');
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(1);
  from('192.0.2.1');
  expect(lines).toHaveLength(2);
});

test('however many addresses there are, a line names ten', () => {
  from('192.0.2.0', ...Array.from({ length: 1000 }, (_, index) => `2001:db8::${index.toString(16)}`));
  vi.advanceTimersByTime(60_000);
  expect(lines).toMatchObject([{}, { attempts: 1000, remoteAddresses: { length: 10 } }]);
});

test('what has not been told is told at the end, and nothing after it', () => {
  from('192.0.2.1', '192.0.2.2');
  attempts.close();
  expect(lines).toMatchObject([{ attempts: 1 }, { attempts: 1 }]);
  expect(vi.getTimerCount()).toBe(0);
});
