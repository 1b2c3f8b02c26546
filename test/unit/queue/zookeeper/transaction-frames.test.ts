/** A transaction's bytes: those that node-zookeeper-client would send, and what servers send back. */
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { ACL, Id } from 'node-zookeeper-client';
import { describe, expect, it } from 'vitest';
import { aclOf } from '../../../../src/queue/zookeeper/acl.ts';
import type { Write } from '../../../../src/queue/zookeeper/store.ts';
import {
  encodedAcl,
  transactionFrame,
  transactionResults,
} from '../../../../src/queue/zookeeper/transaction-frames.ts';

interface Jute {
  readonly protocol: { readonly RequestHeader: new (xid: number, type: number) => object };
  readonly TransactionRequest: new (operations: readonly object[]) => object;
  readonly Request: new (header: object, payload: object) => { toBuffer(): Buffer };
}
const jute = createRequire(import.meta.url)('node-zookeeper-client/lib/jute') as Jute;

const path = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 3,
});
const data = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const version = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const write: fc.Arbitrary<Write> = path
  .map((names) => `/${names.join('/')}`)
  .chain((at) =>
    fc.oneof(
      fc.record({
        kind: fc.constant('create' as const),
        path: fc.constant(at),
        data,
        sequential: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('set' as const), path: fc.constant(at), data, version }),
      fc.record({ kind: fc.constant('check' as const), path: fc.constant(at), version }),
      fc.record({ kind: fc.constant('delete' as const), path: fc.constant(at), version }),
    ),
  );

describe('the frame of a transaction', () => {
  it('is, byte for byte, what node-zookeeper-client makes of it', () => {
    const owner = fc.option(fc.constantFrom('user:password', 'benützer:geheim'), { nil: undefined });
    const xid = fc.integer({ min: 1, max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(xid, fc.array(write, { maxLength: 8 }), owner, (number, writes, credentials) => {
        const acl = aclOf(credentials);
        const frame = transactionFrame(number, writes, encodedAcl(acl));
        const acls = acl.map(({ permissions, scheme, id }) => new ACL(permissions, new Id(scheme, id)));
        expect(frame.equals(theirs(number, writes, acls))).toBe(true);
      }),
    );
  });
});

describe('the reply to a transaction', () => {
  const header = '0000000000000001000000000000000500000000';
  const end = 'ffffffff01ffffffff';
  const results = (...parts: string[]) =>
    transactionResults(Buffer.from([header, ...parts, end].join(''), 'hex'));

  it('has a result for each operation', () => {
    const stat =
      '0000000000000001' + // created by
      '0000000100000002' + // changed by
      '0000000000000003' + // created at
      '0000000000000004' + // changed at
      'fffffffe' + // version
      '00000006' + // changes of children
      '00000007' +
      '0000000000000000' +
      '00000009' +
      '0000000a' + // children
      '000000000000000b';
    expect(
      results(
        '00000001' + '00' + '00000000' + '00000003' + '2fc3bc',
        `000000050000000000${stat}`,
        '0000000d' + '00' + '00000000',
        '00000002' + '00' + '00000000',
      ),
    ).toEqual([
      { type: 1, path: '/ü' },
      {
        type: 5,
        stat: { version: -2, mzxid: 0x100000002n, ctimeMs: 3, mtimeMs: 4, childChanges: 6, childCount: 10 },
      },
      { type: 13 },
      { type: 2 },
    ]);
  });

  it('has an error for each operation when one has failed', () => {
    const error = (code: string) => `ffffffff00${code}${code}`;
    expect(results(error('00000000'), error('ffffff99'), error('fffffffe'))).toEqual([
      { type: -1, err: 0 },
      { type: -1, err: -103 },
      { type: -1, err: -2 },
    ]);
  });

  it.each([
    ['an unknown type', '0000000f0000000000'],
    ['a path that ends before it begins', '000000010000000000ffffffff'],
    ['a path that is longer than the frame', '00000001000000000000001000'],
    ['no end', ''],
  ])('throws at %s', (_, part) => {
    expect(() => transactionResults(Buffer.from(header + part, 'hex'))).toThrow(RangeError);
  });
});

function theirs(xid: number, writes: readonly Write[], acls: readonly ACL[]): Buffer {
  const operations = writes.map((each) => {
    if (each.kind === 'create') return { type: 1, ...each, acls, mode: each.sequential ? 2 : 0 };
    return { ...each, type: { set: 5, check: 13, delete: 2 }[each.kind] };
  });
  const header = new jute.protocol.RequestHeader(xid, 14);
  return new jute.Request(header, new jute.TransactionRequest(operations)).toBuffer();
}
