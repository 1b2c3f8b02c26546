/**
 * The options of queues, topics and subscriptions, each defined once.
 */
import { z } from 'zod';
import { ATTRIBUTE_NAME, ATTRIBUTE_NAME_MESSAGE, ATTRIBUTES_MAX } from './messages.ts';
import {
  count,
  DELAY_SECONDS_MAX,
  isStorable,
  leaseSeconds,
  name,
  seconds,
  TTL_SECONDS_MAX,
} from './scalars.ts';

const BYTES_MAX = 1_000_000_000_000_000;
export const FILTER_VALUES_MAX = 64;
export const FILTER_VALUE_CHARS_MAX = 1024;
/** Of the whole filter as JSON: patches could otherwise let one grow beyond what can be stored. */
const FILTER_CHARS_MAX = 64 * 1024;

/** How messages are stored: of queues and topics. */
export const storageFields = {
  delaySeconds: seconds(
    0,
    DELAY_SECONDS_MAX,
    'The delay of messages that do not bring their own, in seconds.',
  ),
  messageTtlSeconds: seconds(
    0.001,
    TTL_SECONDS_MAX,
    'Unacked messages older than this are dropped. Absent: never.',
  ),
  maxMessages: count(1, 1_000_000_000, 'More messages are refused with 429. Absent: without limit.'),
  maxBytes: count(1, BYTES_MAX, 'More bytes of bodies are refused with 429. Absent: without limit.'),
  priorities: count(1, 10, 'How many levels of priority there are.'),
  dedupWindowSeconds: seconds(1, 86_400, 'For how long a dedupId is remembered, in seconds.'),
};

/** For how long a topic keeps what has been acked. */
export const retentionFields = {
  retentionSeconds: seconds(
    0,
    TTL_SECONDS_MAX,
    'Acked messages are kept for replay until they entered the topic longer ago than this, in seconds (a delayed one enters when it is due). With neither this nor retentionBytes a message goes as soon as every subscription has acked it.',
  ),
  retentionBytes: count(
    0,
    BYTES_MAX,
    'Acked messages are kept for replay until the newer ones have more bytes than this.',
  ),
};

/** How messages are delivered: of queues and subscriptions. */
export const deliveryFields = {
  leaseSeconds,
  maxDeliveries: count(1, 1_000_000, 'How often a message is delivered at most. Absent: without limit.'),
  deadLetterQueue: name(
    'An existing queue that takes messages beyond maxDeliveries and rejected ones. Absent: they are dropped. Setting it needs `manage` on that queue and `consume` here.',
  ),
  ordering: z.enum(['none', 'group', 'strict']).meta({
    id: 'Ordering',
    description:
      '`none`: best-effort first in, first out. `group`: strict within a group. `strict`: one message in flight at a time, in the order of the log.',
  }),
};

/** Not z.record, which drops an attribute named __proto__ without a word. */
const filter = z
  .unknown()
  .superRefine((value, context) => {
    const refuse = (message: string, ...path: string[]): void =>
      context.addIssue({ code: 'custom', message, path });
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      refuse('must be a JSON object of lists of strings');
      return;
    }
    const entries = Object.entries(value);
    if (entries.length > ATTRIBUTES_MAX) {
      refuse(`must have at most ${ATTRIBUTES_MAX} attributes`);
    } else if (JSON.stringify(value).length > FILTER_CHARS_MAX) {
      refuse(`must have at most ${FILTER_CHARS_MAX} characters as JSON`);
    } else {
      for (const [attribute, accepted] of entries) {
        const message = ATTRIBUTE_NAME.test(attribute) ? acceptedProblem(accepted) : ATTRIBUTE_NAME_MESSAGE;
        if (message !== undefined) {
          refuse(message, attribute);
        }
      }
    }
  })
  .transform((value) => value as Readonly<Record<string, readonly string[]>>)
  .meta({
    id: 'Filter',
    outputId: 'Filter',
    override: {
      type: 'object',
      maxProperties: ATTRIBUTES_MAX,
      propertyNames: { pattern: ATTRIBUTE_NAME.source },
      additionalProperties: {
        type: 'array',
        minItems: 1,
        maxItems: FILTER_VALUES_MAX,
        items: { type: 'string', maxLength: FILTER_VALUE_CHARS_MAX },
      },
      examples: [{ kind: ['created', 'paid'] }],
      description:
        'Attribute → list of accepted values. Only messages whose attributes match all of them are delivered. Absent: all messages. A change concerns messages that are received from then on.',
    },
  });

function acceptedProblem(accepted: unknown): string | undefined {
  if (!Array.isArray(accepted) || accepted.length === 0 || accepted.length > FILTER_VALUES_MAX) {
    return `must be a list of 1 to ${FILTER_VALUES_MAX} strings`;
  }
  const isFine = (text: unknown): boolean =>
    typeof text === 'string' && text.length <= FILTER_VALUE_CHARS_MAX && isStorable(text);
  return accepted.every(isFine)
    ? undefined
    : `must be a list of strings of valid Unicode, each at most ${FILTER_VALUE_CHARS_MAX} characters long`;
}

/** What a subscription sees of its topic. */
export const selectionFields = {
  filter,
  startFrom: z.enum(['latest', 'earliest']).meta({
    id: 'StartFrom',
    description:
      'Where a new subscription begins: after everything published before, or with the oldest message that the topic still has. A later change is shown but has no effect; see seek.',
  }),
};
