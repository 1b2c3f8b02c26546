import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { keyHash } from '../../../src/access/api-key.ts';
import { type Principals, parsePrincipals } from '../../../src/access/principals.ts';
import { isAllowed } from '../../../src/access/rights.ts';

const hash = keyHash('a key');
const minimal = { name: 'shop', keyHashes: [hash], rights: {} };

function parsed(value: unknown): Principals {
  const result = parsePrincipals(JSON.stringify(value));
  if ('problems' in result) throw new Error(result.problems.join('\n'));
  return result;
}

function problemsOf(value: unknown): readonly string[] {
  const result = parsePrincipals(typeof value === 'string' ? value : JSON.stringify(value));
  return 'problems' in result ? result.problems : [];
}

describe('a principals file', () => {
  test('says who owns which key, and who is meant by which subject', () => {
    const { byKey, bySubject } = parsed({
      principals: [
        { ...minimal, keyHashes: [hash, keyHash('another')], rights: { publish: ['orders'] } },
        { name: 'robot', subject: 'system:robot', rights: { consume: ['*'], metrics: true } },
      ],
    });
    const shop = byKey.ownerOf('a key');
    expect(shop?.name).toBe('shop');
    expect(byKey.ownerOf('another')).toBe(shop);
    expect(shop !== undefined && isAllowed(shop, 'publish', 'orders')).toBe(true);
    expect(shop?.rights.metrics).toBe(false);
    expect(bySubject.get('system:robot')).toMatchObject({ name: 'robot', rights: { metrics: true } });
    expect(bySubject.get('robot')).toBeUndefined();
  });

  test('gives a principal a rate of its own, with a burst of one second unless it says otherwise', () => {
    const rateOf = (fields: object) =>
      parsed({ principals: [{ ...minimal, ...fields }] }).byKey.ownerOf('a key')?.rate;
    expect(rateOf({})).toBeUndefined();
    expect(rateOf({ requestsPerSecond: 2.5 })).toEqual({ perSecond: 2.5, burst: 3 });
    expect(rateOf({ requestsPerSecond: 0.1 })).toEqual({ perSecond: 0.1, burst: 1 });
    expect(rateOf({ requestsPerSecond: 2, burst: 9 })).toEqual({ perSecond: 2, burst: 9 });
  });

  test('may be empty: then nobody is let in by it', () => {
    expect(parsed({ principals: [] }).byKey.ownerOf('a key')).toBeUndefined();
  });

  test('is as the documentation shows it', () => {
    const text = readFileSync(new URL('../../../docs/access.md', import.meta.url), 'utf8');
    const [, example = ''] = /```json\n(\{\n {2}"principals".*?)```/s.exec(text) ?? [];
    expect(problemsOf(example)).toEqual([]);
    expect([...parsed(JSON.parse(example)).bySubject.keys()]).toEqual([
      'system:serviceaccount:billing:worker',
    ]);
  });
});

describe('a mistake in a principals file', () => {
  test.each([
    ['no JSON', '{"principals": [}', 'it is not valid JSON'],
    ['another shape', [], 'expected an object with a list of principals'],
    ['a principal that is none', { principals: ['shop'] }, 'principals.0: expected an object'],
    ['a field that does not exist', { principals: [], users: [] }, 'users'],
    ['a misspelt field', { principals: [{ ...minimal, keyhashes: [] }] }, 'keyhashes'],
    ['a misspelt right', { principals: [{ ...minimal, rights: { publsh: ['*'] } }] }, 'publsh'],
    [
      'a key instead of its hash',
      { principals: [{ ...minimal, keyHashes: ['zoogate_secret'] }] },
      'principals.0.keyHashes.0: expected the hash',
    ],
    [
      'no rights',
      { principals: [{ name: 'a', keyHashes: [hash] }] },
      'principals.0.rights: expected an object of rights',
    ],
    [
      'a right that is no list',
      { principals: [{ ...minimal, rights: { consume: '*' } }] },
      'principals.0.rights.consume: expected a list of patterns',
    ],
    [
      'a wrong pattern',
      { principals: [{ ...minimal, rights: { consume: ['a b'] } }] },
      'principals.0.rights.consume.0: expected a pattern',
    ],
    [
      'publishing to a subscription',
      { principals: [{ ...minimal, rights: { publish: ['a/b'] } }] },
      'principals.0.rights.publish.0: names a subscription',
    ],
    ['a wrong name', { principals: [{ ...minimal, name: 'a:b' }] }, 'principals.0.name: expected 1 to 128'],
    [
      'a reserved name',
      { principals: [{ ...minimal, name: 'anonymous' }] },
      'principals.0.name: is a reserved name',
    ],
    [
      'a principal that nobody can be',
      { principals: [{ name: 'a', rights: {} }] },
      'principals.0: has neither keyHashes nor a subject',
    ],
    [
      'a name twice',
      { principals: [minimal, { ...minimal, keyHashes: [keyHash('b')] }] },
      'principals.1.name: this name is given',
    ],
    [
      'a hash twice',
      { principals: [minimal, { ...minimal, name: 'b' }] },
      'principals.1.keyHashes.0: this hash is given',
    ],
    [
      'a subject twice',
      { principals: [1, 2].map((n) => ({ name: `n${n}`, subject: 's', rights: {} })) },
      'principals.1.subject: this subject is given',
    ],
    [
      'a rate of nothing',
      { principals: [{ ...minimal, requestsPerSecond: 0 }] },
      'principals.0.requestsPerSecond: must be more than 0',
    ],
    [
      'a burst without a rate',
      { principals: [{ ...minimal, burst: 5 }] },
      'principals.0.burst: needs requestsPerSecond',
    ],
  ])('%s, is said with its place', (_what, value, problem) => {
    const problems = problemsOf(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
    expect(problems[0]).not.toContain('zoogate_secret');
  });

  test('is said together with all others', () => {
    const problems = problemsOf({
      principals: [
        { ...minimal, name: '' },
        { ...minimal, rights: { publish: [''], manage: [7] } },
        { name: 'c', keyHashes: ['x'], rights: {}, requestsPerSecond: -1 },
      ],
    });
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'principals.0.name',
      'principals.1.rights.publish.0',
      'principals.1.rights.manage.0',
      'principals.2.keyHashes.0',
      'principals.2.requestsPerSecond',
    ]);
  });
});
