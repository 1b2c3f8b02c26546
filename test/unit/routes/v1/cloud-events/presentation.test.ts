import { describe, expect, it } from 'vitest';
import type { ReceivedMessage } from '../../../../../src/queue/index.ts';
import { eventBatchText, eventText } from '../../../../../src/routes/v1/cloud-events/presentation.ts';

const CONTEXT = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/shop', 'ce-type': 'sold' };
const PLACE = '/v1/queues/orders';

function messageWith(changes: Partial<ReceivedMessage>): ReceivedMessage {
  return {
    id: 'x-0',
    body: Buffer.from('{"a":1.50}'),
    bodyKind: 'json',
    contentType: 'application/json',
    attributes: {},
    priority: 0,
    publishedAtMs: Date.UTC(2030, 0, 31),
    receipt: 'r',
    deliveries: 1,
    leaseExpiresAtMs: Date.UTC(2030, 1, 1),
    fencingToken: '7',
    ...changes,
  };
}

const DELIVERY =
  '"zoogateid":"x-0","zoogatereceipt":"r","zoogatedeliveries":1,"zoogatepublishedat":"2030-01-31T00:00:00.000Z",' +
  '"zoogateleaseexpires":"2030-02-01T00:00:00.000Z","zoogatefencingtoken":"7"';
const ABOUT_MESSAGE =
  '{"specversion":"1.0","id":"x-0","source":"/v1/queues/orders","type":"zoogate.message","time":"2030-01-31T00:00:00.000Z"';

describe('a message as an event', () => {
  it('is about the message when it was not published as an event, with the data byte for byte', () => {
    expect(eventText(messageWith({}), PLACE)).toBe(
      `${ABOUT_MESSAGE},"datacontenttype":"application/json","data":{"a":1.50}}`,
    );
  });

  it.each([
    ['text', 'text/plain', 'a "b"', '"data":"a \\"b\\""'],
    ['text', 'text/json', '{"a":1}', `"data_base64":"${Buffer.from('{"a":1}').toString('base64')}"`],
    ['bytes', 'image/png', 'abc', '"data_base64":"YWJj"'],
    ['json', 'application/ld+json; a=b', '[1]', '"data":[1]'],
  ] as const)(
    'has the data of a %s body of type %s in the form for it',
    (bodyKind, contentType, body, expected) => {
      const message = messageWith({ bodyKind, contentType, body: Buffer.from(body) });
      expect(eventText(message, PLACE)).toBe(
        `${ABOUT_MESSAGE},"datacontenttype":"${contentType}",${expected}}`,
      );
    },
  );

  it('has no data when the body is empty, and no content type when that was never given', () => {
    const empty = { bodyKind: 'bytes', body: Buffer.alloc(0) } as const;
    const octets = messageWith({ ...empty, contentType: 'application/octet-stream' });
    expect(eventText(octets, PLACE)).toBe(`${ABOUT_MESSAGE}}`);
    const text = messageWith({ ...empty, contentType: 'text/plain' });
    expect(eventText(text, PLACE)).toBe(`${ABOUT_MESSAGE},"datacontenttype":"text/plain"}`);
  });

  it('has those attributes as extensions that can be some', () => {
    const attributes = {
      kind: 'x',
      id: 'no',
      data: 'no',
      Upper: 'no',
      'a-b': 'no',
      zoogateid: 'no',
      z: 'a\nb',
    };
    expect(eventText(messageWith({ attributes }), PLACE)).toContain('000Z","kind":"x","datacontenttype"');
  });

  it('is what the ce- attributes say, and nothing else, when it was published in binary mode', () => {
    const attributes = { ...CONTEXT, 'ce-ext': 'é', kind: 'not of the event' };
    expect(eventText(messageWith({ attributes }), PLACE)).toBe(
      '{"specversion":"1.0","id":"1","source":"/shop","type":"sold","ext":"é","datacontenttype":"application/json","data":{"a":1.50}}',
    );
  });

  const structured = '{ "specversion":"1.0" ,"id":"1","source":"/s","type":"t","data":{"n":1.10,"n":2} }';

  it('is itself, byte for byte, when it was published in structured mode', () => {
    const contentType = 'Application/CloudEvents+JSON; charset=utf-8';
    const message = messageWith({ contentType, body: Buffer.from(structured) });
    expect(eventText(message, PLACE)).toBe(structured);
  });

  it('is about the message when only the content type says that the body is an event', () => {
    const contentType = 'application/cloudevents+json';
    for (const body of ['{}', '[]', '1', structured.replace('"/s"', '""')]) {
      expect(eventText(messageWith({ contentType, body: Buffer.from(body) }), PLACE)).toBe(
        `${ABOUT_MESSAGE},"datacontenttype":"${contentType}","data":${body}}`,
      );
    }
  });
});

describe('a batch of messages as events', () => {
  it('is empty without any', () => {
    expect(eventBatchText([], PLACE)).toBe('[]');
  });

  it('has the delivery of each in extension attributes', () => {
    const attributes = CONTEXT;
    const batch = eventBatchText([messageWith({ attributes }), messageWith({})], PLACE);
    expect(batch).toBe(
      `[{"specversion":"1.0","id":"1","source":"/shop","type":"sold","datacontenttype":"application/json","data":{"a":1.50},${DELIVERY}},` +
        `${ABOUT_MESSAGE},"datacontenttype":"application/json","data":{"a":1.50},${DELIVERY}}]`,
    );
  });

  it('keeps structured events byte for byte, but for an earlier delivery that they were passed on with', () => {
    const event =
      '{"zoogateid":"old","specversion":"1.0","id":"1","source":"/s", "type" : "t" ,"data":{"zoogateid":1e2}';
    const contentType = 'application/cloudevents+json';
    const body = Buffer.from(`${event},"zoogatereceip\\u0074":"old"}`);
    expect(eventBatchText([messageWith({ contentType, body })], PLACE)).toBe(
      `[{"specversion":"1.0","id":"1","source":"/s","type" : "t","data":{"zoogateid":1e2},${DELIVERY}}]`,
    );
  });
});
