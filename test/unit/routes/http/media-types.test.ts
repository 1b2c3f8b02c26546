import { describe, expect, it } from 'vitest';
import {
  bodyKindOf,
  CONTENT_TYPE,
  mediaTypeOf,
  preferredType,
} from '../../../../src/routes/http/media-types.ts';

const OFFERS = ['application/json', 'application/octet-stream'] as const;

describe('choosing by Accept', () => {
  it.each([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/octet-stream', 'application/octet-stream'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
    ['application/json;q=0.5, application/octet-stream', 'application/octet-stream'],
    ['application/json;q=0, */*', 'application/octet-stream'],
    ['*/*;q=0.1, application/octet-stream;q=0.2', 'application/octet-stream'],
    ['application/octet-stream;q=0.3, application/*;q=0.4', 'application/json'],
    ['text/html', undefined],
    ['*/*;q=0', undefined],
    ['application/json;q=0', undefined],
    ['application/json;q=nonsense', undefined],
    ['nonsense', undefined],
  ])('%s means %s', (accept, expected) => {
    expect(preferredType(accept, OFFERS)).toBe(expected);
  });
});

describe('content types', () => {
  it.each([
    'text/plain',
    'application/vnd.a+json;v=1',
    'text/plain; charset="utf-8; \\" x" ; a=b',
    'multipart/form-data; boundary=----x',
  ])('%s is accepted', (text) => {
    expect(CONTENT_TYPE.test(text)).toBe(true);
  });

  it.each([
    '',
    'text',
    'text/',
    '/plain',
    'text/plain\r\nX: 1',
    'text/plain; a',
    'text/plain; a="',
    'téxt/plain',
    'a b/c',
  ])('%j is refused', (text) => {
    expect(CONTENT_TYPE.test(text)).toBe(false);
  });

  it('are compared without parameters and case', () => {
    expect(mediaTypeOf('Application/JSON ; charset=UTF-8')).toBe('application/json');
  });

  it.each([
    ['text/plain', 'héllo', 'text'],
    ['text/plain', Buffer.from([0xff]), 'bytes'],
    ['application/json', '{"a": 1}', 'json'],
    ['application/problem+json; x=y', '[1]', 'json'],
    ['application/json', '{"a": ', 'bytes'],
    ['application/json', '\ufeff{}', 'bytes'],
    ['application/json', '', 'bytes'],
    ['image/png', '{"a": 1}', 'bytes'],
  ])('%s with %j is shown as its bytes allow', (contentType, body, kind) => {
    expect(bodyKindOf(contentType, Buffer.from(body))).toBe(kind);
  });
});
