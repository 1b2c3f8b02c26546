/** The operator's pages are true: limits.md has the limits of the code, incidents.md the alerts that are deployed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { KEYS_MAX, PRINCIPALS_MAX } from '../../src/access/principals.ts';
import { PATTERNS_MAX } from '../../src/access/rights-schema.ts';
import { HEADER_BYTES_MAX, PATIENCE } from '../../src/app.ts';
import { documentVariables, variables } from '../../src/config/variables.ts';
import {
  ATTRIBUTE_NAME,
  ATTRIBUTES_MAX,
  FILTER_VALUE_CHARS_MAX,
  FILTER_VALUES_MAX,
  NAME_PATTERN,
} from '../../src/queue/index.ts';
import { BATCH_BYTES_MAX } from '../../src/queue/log/append-plan.ts';
import { CLAIM_BODY_BYTES_MAX } from '../../src/queue/model/claim.ts';
import { WINDOW_MS } from '../../src/queue/verbs/transact.ts';
import { packetBytesMax } from '../../src/queue/zookeeper/writes.ts';
import { CONTENT_TYPE_CHARS_MAX } from '../../src/routes/http/media-types.ts';
import { MESSAGE_HEADER_BYTES_MAX } from '../../src/routes/v1/answer-headers.ts';
import { REQUEST_MESSAGE_BYTES_MAX, REQUEST_MESSAGES_MAX } from '../../src/routes/v1/new-messages.ts';
import { PUBLISH_BODY_BYTES_MAX } from '../../src/routes/v1/publish.ts';
import { TRANSACTION_RECEIPTS_MAX } from '../../src/routes/v1/schemas/transactions.ts';
import { TRANSACTION_BODY_BYTES_MAX } from '../../src/routes/v1/transactions.ts';
import { readDocument, tableRows } from '../support/documents.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const { components, paths } = JSON.parse(read('openapi/openapi.json')) as {
  components: { schemas: Record<string, { properties: Record<string, Record<string, number>> }> };
  paths: Record<string, { get?: { parameters?: { name: string; schema: { maximum?: number } }[] } }>;
};

/** A number that the OpenAPI document gives for a field; all of these fields must have the same. */
function inDocument(keyword: string, ...fields: readonly string[]): number {
  const found = fields.map((field) => {
    const [schema = '', property = ''] = field.split('.');
    return components.schemas[schema]?.properties[property]?.[keyword];
  });
  const [first] = found;
  if (first === undefined || found.some((each) => each !== first))
    throw new Error(`${keyword} of ${fields}: ${found}`);
  return first;
}

/** The largest page of every list; all must have the same. */
function pageLimit(): number | undefined {
  const limits = Object.values(paths)
    .flatMap(({ get }) => get?.parameters ?? [])
    .filter(({ name }) => name === 'limit')
    .map(({ schema }) => schema.maximum);
  const [first, ...others] = new Set(limits);
  return others.length === 0 ? first : undefined;
}

function defaultOf(variable: string): number {
  return Number(documentVariables().find(({ name }) => name === variable)?.defaultValue);
}

/** The longest text of one letter that matches. */
const longest = (pattern: RegExp): number =>
  Array.from({ length: 1000 }, (_, index) => 1000 - index).find((length) =>
    pattern.test('a'.repeat(length)),
  ) ?? 0;

/** The largest value that is a valid one of the variable. */
function isAllowed(variable: 'ZOOGATE_MAX_MESSAGE_BYTES', value: number): boolean {
  return variables.shape[variable].safeParse(String(value)).success;
}

/** What each row's limit must name, in its order. What only explains a number stands here as well. */
const LIMITS: Readonly<Record<string, readonly number[]>> = {
  'size of a message, body and attributes': [defaultOf('ZOOGATE_MAX_MESSAGE_BYTES'), 921_600],
  'messages of a publish, or of a transaction': [REQUEST_MESSAGES_MAX],
  'their sizes in sum': [REQUEST_MESSAGE_BYTES_MAX],
  'what they take in one write to ZooKeeper': [BATCH_BYTES_MAX, 31, 9, 400, 900, packetBytesMax],
  'body of a publish request': [PUBLISH_BODY_BYTES_MAX],
  'body of a transaction': [TRANSACTION_BODY_BYTES_MAX],
  'attributes of a message': [ATTRIBUTES_MAX, longest(ATTRIBUTE_NAME)],
  'content type': [CONTENT_TYPE_CHARS_MAX],
  '`group`, `dedupId`, `attemptId`, `transactionId`': [
    inDocument(
      'maxLength',
      'Message.group',
      'Message.dedupId',
      'ReceiveRequest.attemptId',
      'TransactionRequest.transactionId',
    ),
  ],
  '`delaySeconds`, and how far ahead `deliverAt` is': [
    inDocument('maximum', 'Message.delaySeconds', 'QueueConfig.delaySeconds', 'TopicConfig.delaySeconds'),
    30,
  ],
  '`expiresInSeconds`, `messageTtlSeconds`, `retentionSeconds`': [
    inDocument(
      'maximum',
      'Message.expiresInSeconds',
      'QueueConfig.messageTtlSeconds',
      'TopicConfig.retentionSeconds',
    ),
    10,
  ],
  '`priorities` of a queue or topic': [
    inDocument('maximum', 'QueueConfig.priorities', 'TopicConfig.priorities'),
  ],
  '`max`': [inDocument('maximum', 'ReceiveRequest.max'), CLAIM_BODY_BYTES_MAX],
  '`waitSeconds`': [inDocument('maximum', 'ReceiveRequest.waitSeconds')],
  '`leaseSeconds`': [
    inDocument('minimum', 'QueueConfig.leaseSeconds', 'ReceiveRequest.leaseSeconds'),
    inDocument('maximum', 'QueueConfig.leaseSeconds', 'ReceiveRequest.leaseSeconds'),
  ],
  '`delaySeconds` of a nack': [inDocument('maximum', 'NackRequest.delaySeconds')],
  'receipts of a request, or of a transaction in all': [
    inDocument(
      'maxItems',
      'AckRequest.receipts',
      'NackRequest.receipts',
      'ExtendRequest.receipts',
      'RejectRequest.receipts',
      'ReceiveRequest.ack',
    ),
  ],
  '`reason` of a reject': [inDocument('maxLength', 'RejectRequest.reason')],
  '`limit` of a page': [pageLimit() ?? Number.NaN],
  '`max` of a redrive': [inDocument('maximum', 'RedriveRequest.max')],
  'how long a `transactionId` is known': [WINDOW_MS / 1000],
  name: [longest(NAME_PATTERN)],
  '`maxDeliveries`': [inDocument('maximum', 'QueueConfig.maxDeliveries', 'SubscriptionConfig.maxDeliveries')],
  '`maxMessages`': [inDocument('maximum', 'QueueConfig.maxMessages', 'TopicConfig.maxMessages')],
  '`maxBytes`, `retentionBytes`': [
    inDocument('maximum', 'QueueConfig.maxBytes', 'TopicConfig.maxBytes', 'TopicConfig.retentionBytes'),
  ],
  '`dedupWindowSeconds`': [
    inDocument('minimum', 'QueueConfig.dedupWindowSeconds', 'TopicConfig.dedupWindowSeconds'),
    inDocument('maximum', 'QueueConfig.dedupWindowSeconds', 'TopicConfig.dedupWindowSeconds'),
  ],
  '`filter`': [ATTRIBUTES_MAX, FILTER_VALUES_MAX, FILTER_VALUE_CHARS_MAX],
  'requests at a time': [defaultOf('ZOOGATE_MAX_REQUESTS')],
  'receives that wait': [defaultOf('ZOOGATE_MAX_WAITING_RECEIVES')],
  'bodies of requests in memory': [defaultOf('ZOOGATE_MAX_REQUEST_BYTES')],
  'messages on their way to the store': [defaultOf('ZOOGATE_MAX_QUEUED_BYTES')],
  'answers that are not taken': [defaultOf('ZOOGATE_MAX_ANSWER_BYTES')],
  'requests, waiting receives and bodies of one principal': [defaultOf('ZOOGATE_PRINCIPAL_PERCENT')],
  'requests a second of one principal': [defaultOf('ZOOGATE_REQUESTS_PER_SECOND')],
  'request line and headers': [HEADER_BYTES_MAX],
  'attributes, and outcomes of `ack`, in headers of an answer': [MESSAGE_HEADER_BYTES_MAX],
  'time for a request to arrive': [PATIENCE.requestMs / 1000, PATIENCE.headersMs / 1000],
  principals: [PRINCIPALS_MAX, KEYS_MAX, PATTERNS_MAX],
  'data in ZooKeeper': [defaultOf('ZOOGATE_MAX_DATA_BYTES')],
};

/** All numbers of a text that are no part of a name. */
function numbersIn(text: string): number[] {
  return [...text.matchAll(/(?<![\w.])\d[\d,.]*\b/g)].map(([number]) => Number(number.replaceAll(',', '')));
}

describe('the limits of docs/limits.md', () => {
  const rows = tableRows(readDocument('docs/limits.md'), 'All limits').filter(
    ([name = '']) => !name.startsWith('**'),
  );

  test.each(rows)('%s: %s', (name = '', limit = '') => {
    expect(numbersIn(limit)).toEqual(LIMITS[name]);
  });

  test('are all that are compared', () => {
    expect(rows.map(([name]) => name)).toEqual(Object.keys(LIMITS));
  });

  test('that two parts of the code have are the same', () => {
    expect(isAllowed('ZOOGATE_MAX_MESSAGE_BYTES', 921_600)).toBe(true);
    expect(isAllowed('ZOOGATE_MAX_MESSAGE_BYTES', 921_601)).toBe(false);
    expect(TRANSACTION_RECEIPTS_MAX).toBe(inDocument('maxItems', 'AckRequest.receipts'));
    expect(inDocument('maxItems', 'PublishRequest.messages')).toBe(REQUEST_MESSAGES_MAX);
  });
});

test('docs/incidents.md says for each alert what to do, and has no other alerts', () => {
  const { groups } = parse(read('deploy/prometheus-alerts.yml')) as {
    groups: { rules: { alert: string }[] }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  expect(alerts.length).toBeGreaterThan(10);
  const incidents = readDocument('docs/incidents.md');
  const section = incidents.split(/^## /m).find((text) => text.startsWith('When an alert fires\n')) ?? '';
  const headings = [...section.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(alerts);
});
