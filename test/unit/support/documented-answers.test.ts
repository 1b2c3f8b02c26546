import { describe, expect, it } from 'vitest';
import { documentedAnswers, type Exchange } from '../../support/documented-answers.ts';

const check = documentedAnswers();

const published: Exchange = {
  method: 'POST',
  path: '/v1/queues/orders/messages?priority=1',
  status: 201,
  headers: { 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'r', date: 'now' },
  text: '{"messages":[{"id":"0-42"}]}',
};
const problem = {
  'content-type': 'application/problem+json',
  'x-request-id': 'r',
};
const notFound = '{"type":"/problems/not-found","title":"t","status":404,"detail":"d","code":"not-found"}';

describe('an answer that the document describes', () => {
  it.each<[string, Partial<Exchange>]>([
    ['a success', {}],
    ['a problem', { status: 404, headers: problem, text: notFound }],
    ['a problem of an unknown path', { path: '/nowhere', status: 404, headers: problem, text: notFound }],
    [
      'a message as bytes, whatever it says that it is',
      {
        path: '/v1/queues/orders/messages/receive',
        status: 200,
        headers: {
          'content-type': 'application/json',
          'x-request-id': 'r',
          'zoogate-receipt': 'r',
          'zoogate-attribute-kind': 'x',
          'ce-partitionkey': 'x',
        },
        text: 'not what the type says',
      },
    ],
  ])('passes: %s', (_name, changes) => {
    expect(() => check({ ...published, ...changes })).not.toThrow();
  });
});

describe('an answer that the document does not describe', () => {
  it.each<[string, Partial<Exchange>, RegExp]>([
    ['a status', { status: 202 }, /status/],
    [
      'a media type',
      { headers: { ...published.headers, 'content-type': 'text/html' } },
      /media type text\/html/,
    ],
    ['no media type', { headers: { 'x-request-id': 'r' } }, /media type none/],
    ['a missing header', { headers: { 'content-type': 'application/json' } }, /X-Request-Id is missing/],
    ['an unknown header', { headers: { ...published.headers, 'zoogate-extra': 'x' } }, /zoogate-extra/],
    ['a header of another form', { headers: { ...published.headers, 'x-request-id': 'a b' } }, /pattern/],
    ['a missing member', { text: '{"messages":[{}]}' }, /id/],
    ['an unknown member', { text: '{"messages":[],"extra":1}' }, /additional/],
    ['a body where there is none', { method: 'DELETE', path: '/v1/queues/orders', status: 204 }, /body/],
    ['a problem without Retry-After', { status: 429, headers: problem, text: notFound }, /Retry-After/],
    [
      'a problem of an unknown code',
      { status: 404, headers: problem, text: notFound.replace('"not-found"', '"x"') },
      /allowed/,
    ],
    ['a success of an unknown path', { path: '/nowhere', status: 200 }, /status/],
  ])('is found: %s', (_name, changes, reason) => {
    expect(() => check({ ...published, ...changes })).toThrow(reason);
  });
});
