/**
 * Acks and publishes that take effect together.
 */
import { z } from 'zod';
import { ERRORS_LISTED_MAX } from '../../http/problems.ts';
import { publishedList } from './answers.ts';
import { list } from './lists.ts';
import { message } from './messages.ts';
import { label, name, RECEIPTS_MAX, receipt } from './scalars.ts';

export const TRANSACTION_RECEIPTS_MAX = 1000;
export const TRANSACTION_RECEIPTS_MESSAGE = `must have at most ${TRANSACTION_RECEIPTS_MAX} receipts in all`;
const PARTS_MAX = 1000;

const SOURCE_MESSAGE = 'is required: send queue, or topic and subscription';
const TARGET_MESSAGE = 'is required: send queue or topic';

const ackPart = z
  .strictObject({
    queue: name('The queue that the messages were received from.').optional(),
    topic: name('The topic of the subscription that they were received from.').optional(),
    subscription: name('The subscription that they were received from.').optional(),
    receipts: list(receipt, {
      min: 1,
      max: RECEIPTS_MAX,
      description: '1 to 1000 receipts, each once.',
      uniqueItems: true,
    }),
  })
  .superRefine(({ queue, topic, subscription }, context) => {
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [field], message });
    if (queue === undefined && topic === undefined && subscription === undefined) {
      refuse('queue', SOURCE_MESSAGE);
    } else if (queue === undefined) {
      if (topic === undefined) refuse('topic', SOURCE_MESSAGE);
      if (subscription === undefined) refuse('subscription', SOURCE_MESSAGE);
    } else {
      if (topic !== undefined) refuse('topic', 'cannot be combined with queue');
      if (subscription !== undefined) refuse('subscription', 'cannot be combined with queue');
    }
  })
  .meta({
    id: 'TransactionAck',
    description: 'Messages that are done: of a queue, or of a subscription.',
    // Says as much as oneOf would, which generators of clients make no type of.
    override: {
      minProperties: 2,
      maxProperties: 3,
      dependentRequired: { topic: ['subscription'], subscription: ['topic'] },
    },
  });

const publishPart = z
  .strictObject({
    queue: name('The queue that the messages go to.').optional(),
    topic: name('The topic that the messages go to.').optional(),
    messages: list(message, { min: 1, max: 1000 }),
  })
  .superRefine(({ queue, topic }, context) => {
    if (queue === undefined && topic === undefined) {
      context.addIssue({ code: 'custom', path: ['queue'], message: TARGET_MESSAGE });
    } else if (queue !== undefined && topic !== undefined) {
      context.addIssue({ code: 'custom', path: ['topic'], message: 'cannot be combined with queue' });
    }
  })
  .meta({
    id: 'TransactionPublish',
    description: 'Messages for a queue or a topic.',
    override: { minProperties: 2, maxProperties: 2 },
  });

/** Where receipts are that were given before, as far as so many help. */
function duplicates(acks: readonly { readonly receipts: readonly string[] }[]): PropertyKey[][] {
  const seen = new Set<string>();
  const paths: PropertyKey[][] = [];
  for (const [part, { receipts }] of acks.entries()) {
    for (const [index, receipt] of receipts.entries()) {
      if (seen.has(receipt)) paths.push(['acks', part, 'receipts', index]);
      if (paths.length >= ERRORS_LISTED_MAX) return paths;
      seen.add(receipt);
    }
  }
  return paths;
}

export const transactionRequest = z
  .strictObject({
    transactionId: label(
      128,
      'Makes it safe to repeat the transaction when its answer was lost: within 300 s the same id returns the first answer with duplicate: true, whatever the body.',
    ).optional(),
    acks: list(ackPart, { max: PARTS_MAX }).default([]),
    publishes: list(publishPart, { max: PARTS_MAX }).default([]),
  })
  .superRefine(({ acks, publishes }, context) => {
    if (acks.length === 0 && publishes.length === 0) {
      context.addIssue({ code: 'custom', message: 'must have at least one ack or publish' });
    }
    if (acks.reduce((sum, part) => sum + part.receipts.length, 0) > TRANSACTION_RECEIPTS_MAX) {
      context.addIssue({ code: 'custom', path: ['acks'], message: TRANSACTION_RECEIPTS_MESSAGE });
      return;
    }
    for (const path of duplicates(acks)) {
      context.addIssue({ code: 'custom', path, message: 'is given more than once; send it once' });
    }
  })
  .meta({
    id: 'TransactionRequest',
    description:
      'At least one ack or publish; at most 1000 receipts, 1000 messages and 900 KiB of messages in all.',
    override: {
      if: { properties: { acks: { maxItems: 0 } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { publishes: { minItems: 1 } }, required: ['publishes'] },
    },
  });

export const transactionResult = z
  .strictObject({
    publishes: z.array(publishedList),
    duplicate: z.literal(true).optional().meta({
      description: 'The transactionId was seen before: nothing was done, and this is the first answer.',
    }),
  })
  .meta({ id: 'TransactionResult', description: 'In the order of the request.' });
