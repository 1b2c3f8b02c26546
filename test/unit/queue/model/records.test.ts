import { describe, expect, it } from 'vitest';
import { defaultsOf } from '../../../../src/queue/model/config.ts';
import type { QueueConfig, SubscriptionConfig } from '../../../../src/queue/model/options.ts';
import {
  decodeRecord,
  encodeRecord,
  type NameRecord,
  type SubscriptionRecord,
  type TopicRecord,
  withConfig,
} from '../../../../src/queue/model/records.ts';

const queueConfig = { ...defaultsOf('queue'), maxMessages: 5 } as QueueConfig;
const queue = { name: 'jobs', kind: 'queue', config: queueConfig } as const;
const subscription = {
  generation: 41,
  token: 'abc',
  start: [{ segment: 2, offset: 3 }],
  config: { ...defaultsOf('subscription'), filter: { kind: ['a'] } } as SubscriptionConfig,
  revision: 'def',
  createdAtMs: 1,
  updatedAtMs: 2,
};
/** As a later version may have written them. */
const laterQueue = { ...queue, config: { ...queue.config, colour: 'red' }, shade: { dark: true } };
const laterSubscription = {
  ...subscription,
  config: { ...subscription.config, colour: 'red' },
  shade: { dark: true },
};

const stored = (record: object) => Buffer.from(JSON.stringify(record));
const parsed = (data: Buffer): unknown => JSON.parse(data.toString());
const topicRecord = (record: object) => decodeRecord<TopicRecord>(stored(record));
const subscriptionRecord = (record: object) => decodeRecord<SubscriptionRecord>(stored(record));

/** Written by the first version, each byte as it was. */
const FIRST_VERSION = [
  '{"kind":"queue","id":"aBcDeFgHiJkLmNoP"}',
  '{"name":"jobs","kind":"queue","config":{"leaseSeconds":30,"ordering":"none","delaySeconds":0,"priorities":1,"dedupWindowSeconds":300}}',
  '{"name":"news","kind":"topic","config":{"retentionSeconds":3600,"delaySeconds":0,"priorities":3,"dedupWindowSeconds":300},"deleted":true}',
  '{"generation":7,"token":"t","start":[],"revision":"r","createdAtMs":1,"updatedAtMs":2}',
  '{"generation":7,"token":"t","start":[{"segment":1,"offset":2}],"revision":"r","createdAtMs":1,"updatedAtMs":2,"purgedSchedule":9,"config":{"leaseSeconds":30,"deadLetterQueue":"dead","ordering":"group","filter":{"kind":["a"]},"startFrom":"latest"}}',
];

describe('records of the first version', () => {
  it.each(FIRST_VERSION)('are read as they are, and so written again: %s', (text) => {
    expect(decodeRecord(Buffer.from(text))).toEqual(JSON.parse(text));
    expect(parsed(encodeRecord(decodeRecord(Buffer.from(text))))).toEqual(JSON.parse(text));
  });
});

describe('records from before an option', () => {
  it('are read with the default of each, in turn', () => {
    for (const [name, value] of Object.entries(defaultsOf('queue'))) {
      const { [name as keyof QueueConfig]: _, ...config } = queue.config;
      expect(topicRecord({ ...queue, config }).config).toEqual({ ...queue.config, [name]: value });
    }
    for (const [name, value] of Object.entries(defaultsOf('subscription'))) {
      const { [name as keyof SubscriptionConfig]: _, ...config } = subscription.config;
      const read = subscriptionRecord({ ...subscription, config }).config;
      expect(read).toEqual({ ...subscription.config, [name]: value });
    }
  });

  it("a queue's subscription is read without a configuration, and a name as it is", () => {
    const { config: _, ...own } = subscription;
    expect(subscriptionRecord(own)).toEqual(own);
    const name: NameRecord = { kind: 'topic', id: 'x' };
    expect(decodeRecord<NameRecord>(encodeRecord(name))).toEqual(name);
  });
});

describe('records of a later version', () => {
  it('show nothing among their options that this version does not know', () => {
    expect(topicRecord(laterQueue).config).toEqual(queue.config);
    expect(subscriptionRecord(laterSubscription).config).toEqual(subscription.config);
  });

  it('keep their unknown fields and options when others are changed', () => {
    const config = { ...queue.config, priorities: 2 };
    expect(parsed(encodeRecord({ ...topicRecord(laterQueue), config }))).toEqual({
      ...laterQueue,
      config: { ...config, colour: 'red' },
    });
    expect(parsed(encodeRecord({ ...subscriptionRecord(laterSubscription), generation: 42 }))).toEqual({
      ...laterSubscription,
      generation: 42,
    });
  });

  it('keep their unknown fields, and no option, when a client sends the whole configuration', () => {
    const replaced = withConfig(topicRecord(laterQueue), queue.config);
    expect(parsed(encodeRecord(replaced))).toEqual({ ...queue, shade: { dark: true } });
    const resent = withConfig(subscriptionRecord(laterSubscription), subscription.config);
    expect(parsed(encodeRecord(resent))).toEqual({ ...subscription, shade: { dark: true } });
  });
});
