import { describe, expect, it } from 'vitest';
import { headProblem, lacksName, pathOfTarget } from '../../../../src/routes/http/request-heads.ts';

const head = (lines: readonly (readonly [name: string, value: string])[], httpVersion = '1.1') => ({
  httpVersion,
  rawHeaders: lines.flat(),
  headers: Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value])),
});
const codeOf = (...parameters: Parameters<typeof head>) => headProblem(head(...parameters))?.code;

describe('the Host of a request', () => {
  it.each(['localhost', 'example.com:8080', '127.0.0.1', '[::1]:80', '[fe80::1%25eth0]', '', 'a_b', 'x:'])(
    'may be %s',
    (host) => expect(codeOf([['Host', host]])).toBeUndefined(),
  );

  it.each(['a b', 'a/b', 'a,b', 'user@x', 'x:80:80', '[::1', '::1', 'x:y', 'a\tb', '"x"'])(
    'must not be %s',
    (host) => {
      // A comma joins nothing here: it may stand in a name (RFC 3986), if nobody has one.
      expect(codeOf([['Host', host]])).toBe(host === 'a,b' ? undefined : 'validation');
    },
  );

  it('is given once, and must be in HTTP/1.1', () => {
    expect(codeOf([])).toBe('validation');
    expect(codeOf([], '1.0')).toBeUndefined();
    for (const second of ['a', 'b'])
      expect(
        codeOf([
          ['Host', 'a'],
          ['X', 'y'],
          ['hOST', second],
        ]),
      ).toBe('validation');
  });
});

describe('the Transfer-Encoding of a request', () => {
  const coded = (value: string) =>
    codeOf([
      ['Host', 'x'],
      ['Transfer-Encoding', value],
    ]);

  it.each(['chunked', 'Chunked', ' chunked '])('may be "%s"', (value) =>
    expect(coded(value)).toBeUndefined(),
  );

  it.each(['gzip, chunked', 'identity,chunked', 'x, y, CHUNKED'])('is not implemented as %s', (value) =>
    expect(coded(value)).toBe('not-implemented'),
  );

  it.each(['gzip', 'chunked, gzip', 'chunked, chunked', 'chunked, gzip, chunked', '', ',', 'xchunked'])(
    'makes no sense as "%s"',
    (value) => expect(coded(value)).toBe('validation'),
  );
});

describe('the target of a request', () => {
  it.each([
    ['/livez?x=http://y/z', '/livez?x=http://y/z'],
    ['http://x/livez?y', '/livez?y'],
    ['HTTPS://user@x:1/a//b', '/a//b'],
    ['http://x', '/'],
    ['http://x?y=z', '/?y=z'],
    ['*', '*'],
    ['x:443', 'x:443'],
    ['ftp://x/y', 'ftp://x/y'],
  ])('%s: %s', (target, path) => expect(pathOfTarget(target)).toBe(path));

  it('has a name where one belongs', () => {
    expect([lacksName({}), lacksName({ queue: 'a' }), lacksName({ topic: 'a', subscription: '' })]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
