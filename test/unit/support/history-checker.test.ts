/** Each rule of the checker goes red for a history in which just that rule is broken. */
import { describe, expect, test } from 'vitest';
import type { Delivery, Publish, Settle } from '../../support/history.ts';
import { violations } from '../../support/history-checker.ts';

const startMs = Date.parse('2030-01-01T00:00:00Z');
const at = (seconds: number) => startMs + seconds * 1000;

function publish(overrides: Partial<Publish> = {}): Publish {
  return { key: 'a', id: 'id-a', kind: 'done', askedMs: at(0), toldMs: at(0.1), ...overrides };
}

/** Lease number `lease` of message a, made at `lease` times ten seconds for five seconds. */
function delivery(lease: number, overrides: Partial<Delivery> = {}): Delivery {
  const leasedMs = at(lease * 10);
  return {
    key: 'a',
    id: 'id-a',
    receipt: `receipt-${lease}`,
    deliveries: lease,
    fencingToken: BigInt(lease),
    leasedMs,
    expiresMs: leasedMs + 5_000,
    askedMs: leasedMs - 100,
    toldMs: leasedMs + 100,
    ...overrides,
  };
}

/** An ack of lease number `lease`, one second into it. */
function settle(lease: number, overrides: Partial<Settle> = {}): Settle {
  const askedMs = at(lease * 10 + 1);
  return {
    verb: 'ack',
    receipt: `receipt-${lease}`,
    outcome: 'ok',
    askedMs,
    toldMs: askedMs + 100,
    ...overrides,
  };
}

describe('a history without a violation', () => {
  test('of a message that is stored, delivered and acked passes', () => {
    const history = { publishes: [publish()], deliveries: [delivery(1)], settles: [settle(1)] };
    expect(violations(history)).toEqual([]);
  });

  test('of a lease that ends by its time, and a late ack that is lost, passes', () => {
    const late = settle(1, { outcome: 'lost', askedMs: at(21), toldMs: at(21.1) });
    const history = {
      publishes: [publish()],
      deliveries: [delivery(1), delivery(2)],
      settles: [late, settle(2)],
    };
    expect(violations(history)).toEqual([]);
  });

  test('of a nack and a delivery right after it passes', () => {
    const second = delivery(2, {
      leasedMs: at(12),
      expiresMs: at(17),
      askedMs: at(11),
      toldMs: at(12.1),
    });
    const settles = [settle(1, { verb: 'nack' }), settle(2, { askedMs: at(13), toldMs: at(13.1) })];
    expect(violations({ publishes: [publish()], deliveries: [delivery(1), second], settles })).toEqual([]);
  });

  test('of a late ack that is ok because the next holder has acked before passes', () => {
    const late = settle(1, { askedMs: at(23), toldMs: at(23.1) });
    const history = {
      publishes: [publish()],
      deliveries: [delivery(1), delivery(2)],
      settles: [late, settle(2)],
    };
    expect(violations(history)).toEqual([]);
  });

  test('of a publish whose outcome is unknown passes whether or not the message came', () => {
    const unknown: Publish = { key: 'a', kind: 'unknown', askedMs: at(0), toldMs: at(5) };
    expect(violations({ publishes: [unknown], deliveries: [], settles: [] })).toEqual([]);
    expect(violations({ publishes: [unknown], deliveries: [delivery(1)], settles: [settle(1)] })).toEqual([]);
  });
});

describe('the checker finds', () => {
  test('a message that was answered 201 and never came', () => {
    expect(violations({ publishes: [publish()], deliveries: [], settles: [] })).toContain(
      'a was answered 201 and never delivered',
    );
  });

  test('a message that was never acked', () => {
    const history = { publishes: [publish()], deliveries: [delivery(1)], settles: [] };
    expect(violations(history)).toEqual(['a was answered 201, never acked']);
  });

  test('a refused message that appears later', () => {
    const refused: Publish = { key: 'a', kind: 'refused', askedMs: at(0), toldMs: at(1) };
    const history = { publishes: [refused], deliveries: [delivery(1)], settles: [settle(1)] };
    expect(violations(history)).toEqual(['a was refused and appeared later']);
  });

  test('a message that nobody has published', () => {
    const history = { publishes: [], deliveries: [delivery(1)], settles: [settle(1)] };
    expect(violations(history)).toEqual(['a was delivered and never published']);
  });

  test('a publish that was stored twice', () => {
    const twin = delivery(2, { id: 'id-b', deliveries: 2 });
    const history = {
      publishes: [publish()],
      deliveries: [delivery(1), twin],
      settles: [settle(1, { askedMs: at(22), toldMs: at(22.1) }), settle(2)],
    };
    expect(violations(history)).toEqual(['a was stored 2 times: id-a, id-b']);
  });

  test('two leases at once', () => {
    const early = delivery(2, { leasedMs: at(14.9) });
    const history = {
      publishes: [publish()],
      deliveries: [delivery(1), early],
      settles: [settle(2)],
    };
    expect(violations(history)).toEqual(['a was leased again 100 ms before its lease ended']);
  });

  test('a second lease within an extended one', () => {
    const extended = settle(1, { verb: 'extend', leaseMs: 30_000 });
    const history = {
      publishes: [publish()],
      deliveries: [delivery(1), delivery(2)],
      settles: [extended, settle(2)],
    };
    expect(violations(history)).toEqual(['a was leased again 19000 ms before its lease ended']);
  });

  test('two clients with the same lease', () => {
    const twin = delivery(2, { fencingToken: 1n });
    const history = { publishes: [publish()], deliveries: [delivery(1), twin], settles: [settle(2)] };
    expect(violations(history)).toContain('a was given out twice by one lease');
  });

  test('deliveries that do not grow', () => {
    const again = delivery(2, { deliveries: 1 });
    const history = { publishes: [publish()], deliveries: [delivery(1), again], settles: [settle(2)] };
    expect(violations(history)).toEqual(['a counted 1 deliveries after 1']);
  });

  test('a message that comes again after its confirmed ack', () => {
    const history = {
      publishes: [publish()],
      deliveries: [delivery(1), delivery(2)],
      settles: [settle(1)],
    };
    expect(violations(history)).toEqual([
      'a was leased again after its confirmed ack',
      'a was delivered to a receive that began after its confirmed ack',
    ]);
  });

  test('a delivery to a receive that waited since before the ack, which another lease has not done', () => {
    const waited = delivery(2, { askedMs: at(9) });
    const history = { publishes: [publish()], deliveries: [delivery(1), waited], settles: [settle(1)] };
    expect(violations(history)).toEqual(['a was leased again after its confirmed ack']);
  });

  test('a holder who is told within its time that its lease is lost', () => {
    const history = {
      publishes: [publish()],
      deliveries: [delivery(1), delivery(2)],
      settles: [settle(1, { outcome: 'lost' }), settle(2)],
    };
    expect(violations(history)).toEqual(['the lease of a was called lost 1900 ms before its end']);
  });

  test('a receipt that is called invalid', () => {
    const invalid = settle(1, { outcome: 'invalid' });
    const history = { publishes: [publish()], deliveries: [delivery(1)], settles: [invalid, settle(1)] };
    expect(violations(history)).toEqual(['a receipt of a was called invalid']);
  });
});
