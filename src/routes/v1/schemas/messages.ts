/**
 * What a publisher sends, and the fields of the operations on received messages.
 */
import { z } from 'zod';
import {
  ATTRIBUTE_NAME,
  ATTRIBUTE_NAME_MESSAGE,
  ATTRIBUTES_MAX,
  DELAY_SECONDS_MAX,
  isStorable,
  LEASE_SECONDS_MAX,
  TTL_SECONDS_MAX,
} from '../../../queue/index.ts';
import { instantMs } from '../../http/instants.ts';
import { isText } from '../../http/media-types.ts';
import { list } from './lists.ts';
import {
  contentType,
  count,
  FINAL,
  instant,
  label,
  leaseSeconds,
  RECEIPTS_MAX,
  receipt,
  receipts,
  seconds,
} from './scalars.ts';

const UNSTORABLE_MESSAGE = 'must be valid Unicode, without lone surrogates';

/** Not z.record, which drops an attribute named __proto__ without a word. */
export const attributes = z
  .unknown()
  .superRefine((value, context) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      context.addIssue({ code: 'custom', message: 'must be a JSON object of strings' });
      return;
    }
    const entries = Object.entries(value);
    if (entries.length > ATTRIBUTES_MAX) {
      context.addIssue({ code: 'custom', message: `must have at most ${ATTRIBUTES_MAX} attributes` });
      return;
    }
    for (const [name, text] of entries) {
      if (!ATTRIBUTE_NAME.test(name)) {
        context.addIssue({ code: 'custom', path: [name], message: ATTRIBUTE_NAME_MESSAGE });
      } else if (typeof text !== 'string') {
        context.addIssue({ code: 'custom', path: [name], message: 'must be a string' });
      } else if (!isStorable(text)) {
        context.addIssue({ code: 'custom', path: [name], message: UNSTORABLE_MESSAGE });
      }
    }
  })
  .transform((value) => value as Readonly<Record<string, string>>)
  .meta({
    override: {
      type: 'object',
      maxProperties: ATTRIBUTES_MAX,
      propertyNames: { pattern: ATTRIBUTE_NAME.source },
      additionalProperties: { type: 'string' },
      description: 'At most 32 strings that travel with the message. They count towards its size.',
    },
    id: 'Attributes',
    outputId: 'Attributes',
  });

const options = {
  delaySeconds: seconds(0, DELAY_SECONDS_MAX, 'Deliver only after so many seconds. Not with deliverAt.'),
  deliverAt: instant.meta({
    description:
      'Deliver only from this RFC 3339 instant on, up to 30 days ahead; in the past means now. Not with delaySeconds.',
  }),
  expiresInSeconds: seconds(
    0.001,
    TTL_SECONDS_MAX,
    'Drop the message when it is not acked within so many seconds.',
  ),
  priority: count(
    0,
    9,
    '0 is the lowest and the default; up to the queue’s priorities - 1. Higher ones go first.',
  ),
  group: label(128, 'Messages of a group can be kept in order; see the queue’s ordering.'),
  dedupId: label(
    128,
    'A second message with the same id within the queue’s dedupWindowSeconds is not stored.',
  ),
};

const optional = {
  delaySeconds: options.delaySeconds.optional(),
  deliverAt: options.deliverAt.optional(),
  expiresInSeconds: options.expiresInSeconds.optional(),
  priority: options.priority.optional(),
  group: options.group.optional(),
  dedupId: options.dedupId.optional(),
};

/** A plus in a query means a space to most parsers, and to ours; an instant has no other use for one. */
export function withPlusRestored(text: string): string {
  return text.replace(/ (?=[0-9]{2}:[0-9]{2}$)/, '+');
}

const DELAYED_TWICE = 'cannot be combined with deliverAt; send one of the two';

/** The options of a message that is published as bytes. */
export const messageOptions = z
  .strictObject({
    ...optional,
    deliverAt: z
      .string()
      .max(35, FINAL)
      .refine(
        (text) => instantMs(withPlusRestored(text)) !== undefined,
        'must be an RFC 3339 instant such as 2030-01-31T12:00:00Z',
      )
      .optional()
      .meta({
        format: 'date-time',
        description: 'Deliver only from this RFC 3339 instant on. Not with delaySeconds.',
      }),
  })
  .refine((message) => message.delaySeconds === undefined || message.deliverAt === undefined, {
    path: ['delaySeconds'],
    message: DELAYED_TWICE,
  });

export type MessageOptions = z.output<typeof messageOptions>;

/** Not bounded here: what is too large is refused as such (413), by the size of the bytes. */
export const base64 = z
  .string()
  .refine(
    // Writing it again is the strictest check there is: alphabet, padding and the unused bits.
    (text) => text.length % 4 === 0 && Buffer.from(text, 'base64').toString('base64') === text,
    'must be base64 with the standard alphabet and padding',
  )
  .meta({
    contentEncoding: 'base64',
    maxLength: 1_228_800,
    pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$',
    description: 'Any bytes. Either this or body.',
  });

/** Nothing fits; as an object, since readers of the document know no `false`. */
const NEVER = { not: {} };

export const message = z
  .strictObject({
    body: z.unknown().optional().meta({
      description:
        'Any JSON value, kept byte for byte; a string when contentType is that of a text. Either this or bodyBase64.',
    }),
    bodyBase64: base64.optional(),
    contentType: contentType.optional().meta({
      description: 'By default application/json for body, application/octet-stream for bodyBase64.',
    }),
    attributes: attributes.optional(),
    ...optional,
  })
  .superRefine((value, context) => {
    if ((value.body === undefined) === (value.bodyBase64 === undefined)) {
      context.addIssue({
        code: 'custom',
        path: ['body'],
        message:
          value.body === undefined
            ? 'is required: send body or bodyBase64'
            : 'cannot be combined with bodyBase64',
      });
    } else if (value.body !== undefined && value.contentType !== undefined && isText(value.contentType)) {
      if (typeof value.body !== 'string') {
        context.addIssue({
          code: 'custom',
          path: ['body'],
          message: 'must be a string when contentType is text/*',
        });
      } else if (!isStorable(value.body)) {
        context.addIssue({ code: 'custom', path: ['body'], message: UNSTORABLE_MESSAGE });
      }
    }
    if (value.delaySeconds !== undefined && value.deliverAt !== undefined) {
      context.addIssue({ code: 'custom', path: ['delaySeconds'], message: DELAYED_TWICE });
    }
  })
  .meta({
    id: 'Message',
    description:
      'A message to publish: with body or bodyBase64, and not with both delaySeconds and deliverAt.',
    override: {
      if: { properties: { bodyBase64: {} }, required: ['bodyBase64'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { body: NEVER } },
      else: { properties: { body: {} }, required: ['body'] },
      dependentSchemas: { delaySeconds: { properties: { deliverAt: NEVER } } },
    },
  });

export type MessageInput = z.output<typeof message>;

export const publishRequest = z.strictObject({ messages: list(message, { min: 1, max: 1000 }) }).meta({
  id: 'PublishRequest',
  description: '1 to 1000 messages, 900 KiB in sum. All are stored, or none.',
});

/** For those who publish by curl: what it sends by default is a form's type, and such a body comes back as base64. */
export const textBodies = z.boolean().optional().meta({
  description:
    'Whether a body that is valid UTF-8 comes as text in `body` whatever its content type, instead of as bodyBase64; by default not.',
});

/** Their defaults are told in words: clients that send what is documented as a default would send it twice. */
const receiveOptions = {
  max: count(1, 1000, 'How many messages to take at most; 1 by default.').optional(),
  waitSeconds: seconds(
    0,
    50,
    'For how long to wait for the first message, in seconds; by default not at all.',
  ).optional(),
  leaseSeconds: leaseSeconds
    .optional()
    .meta({ description: 'Instead of the default of the queue, in seconds.' }),
  autoAck: z
    .boolean()
    .optional()
    .meta({ description: 'Take and delete in one step: at most once. Not with attemptId.' }),
  attemptId: label(
    128,
    'Makes it safe to repeat this receive when its answer was lost. Not with autoAck.',
  ).optional(),
  textBodies,
};

export const receiveQuery = z.strictObject(receiveOptions);
export const receiveRequest = z
  .strictObject({
    ...receiveOptions,
    ack: list(receipt, { max: RECEIPTS_MAX })
      .optional()
      .meta({ description: 'Receipts of earlier messages, to ack in the same write.' }),
  })
  .meta({ id: 'ReceiveRequest' });

export const ackRequest = z.strictObject({ receipts }).meta({ id: 'AckRequest' });
export const nackRequest = z
  .strictObject({
    receipts,
    delaySeconds: seconds(0, LEASE_SECONDS_MAX, 'Deliver again only after so many seconds.').default(0),
  })
  .meta({ id: 'NackRequest' });
export const extendRequest = z
  .strictObject({
    receipts,
    leaseSeconds: leaseSeconds.meta({ description: 'The new lease from now on, in seconds.' }),
  })
  .meta({ id: 'ExtendRequest' });
export const rejectRequest = z
  .strictObject({ receipts, reason: label(1024, 'Is kept with the dead letter as its detail.').optional() })
  .meta({ id: 'RejectRequest' });
