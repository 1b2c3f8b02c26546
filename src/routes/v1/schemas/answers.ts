/**
 * The shapes of answers. They document, and tests check answers against them; at run time answers are written
 * directly, because serialising through a schema costs several times as much.
 */
import { z } from 'zod';
import { attributes } from './messages.ts';
import { messageState, receipt } from './scalars.ts';

export const instantOut = z.iso
  .datetime({ precision: 3 })
  .meta({ description: 'In UTC with milliseconds.', examples: ['2030-01-31T12:00:00.000Z'] });
const nextCursor = z
  .string()
  .max(512)
  .optional()
  .meta({ description: 'Present when there is more: the `cursor` of the next page.' });
const tally = z.int().min(0).meta({ format: 'int64' });

export const stats = z
  .strictObject({
    messages: tally.meta({ description: 'ready + leased + delayed.' }),
    ready: tally,
    leased: tally,
    delayed: tally.meta({ description: 'Not yet due, or nacked with a delay.' }),
    bytes: tally.meta({ description: 'Of the bodies as stored, base64 decoded.' }),
    oldestMessageAgeSeconds: z
      .number()
      .min(0)
      .meta({ format: 'double' })
      .nullable()
      .meta({ description: 'null when empty.' }),
  })
  .meta({ id: 'Stats', description: 'Exact at the moment of the read.' });

/** A queue, topic or subscription with this schema of its configuration. */
export function resource(noun: string, config: z.ZodType) {
  return z
    .strictObject({
      name: z.string(),
      config,
      stats,
      createdAt: instantOut,
      updatedAt: instantOut.meta({ description: 'When the configuration was last written, in UTC.' }),
    })
    .meta({ id: noun });
}

/** A page of resources, under their plural. */
export function resourceList(noun: string, plural: string, item: z.ZodType) {
  return z.strictObject({ [plural]: z.array(item), nextCursor }).meta({ id: `${noun}List` });
}

const published = z
  .strictObject({
    id: z.string().meta({ description: 'Identifies the message for as long as it exists.' }),
    duplicate: z.literal(true).optional().meta({
      description: 'The dedupId was seen before: nothing was stored, and this is the first one’s id.',
    }),
  })
  .meta({ id: 'PublishedMessage' });

export const publishedList = z
  .strictObject({ messages: z.array(published) })
  .meta({ id: 'Published', description: 'In the order of the request.' });

export const outcome = z
  .strictObject({
    receipt,
    outcome: z.enum(['ok', 'lost', 'invalid']).meta({
      id: 'OutcomeCode',
      description:
        '`lost`: the lease ran out and the message was given to someone else, or it was returned, purged or sought away. `invalid`: never a receipt of this queue.',
    }),
  })
  .meta({ id: 'Outcome', outputId: 'Outcome' });

export const outcomeList = z.strictObject({ results: z.array(outcome) }).meta({
  id: 'Outcomes',
  description: 'In the order of the receipts.',
});

const deadLetterSource = z
  .union([
    z.strictObject({ queue: z.string() }).meta({ id: 'DeadLetterOfQueue' }),
    z.strictObject({ topic: z.string(), subscription: z.string() }).meta({ id: 'DeadLetterOfSubscription' }),
  ])
  .meta({ id: 'DeadLetterSource' });

const deadLetter = z
  .strictObject({
    source: deadLetterSource,
    reason: z.enum(['max-deliveries', 'rejected']).meta({ id: 'DeadLetterReason' }),
    detail: z.string().optional().meta({ description: 'The reason that was given with a reject.' }),
    deliveries: tally,
    at: instantOut,
  })
  .meta({ id: 'DeadLetter', description: 'Where a dead letter comes from, and why.' });

const stored = {
  id: z.string(),
  body: z.unknown().optional().meta({
    description:
      'The JSON text as it was published, byte for byte; or a string for a text in valid UTF-8. Either this or bodyBase64.',
  }),
  bodyBase64: z.string().optional().meta({
    contentEncoding: 'base64',
    description:
      'Everything that is neither JSON nor a text by its content type; see also textBodies. Either this or body.',
  }),
  contentType: z.string(),
  attributes,
  priority: tally,
  group: z.string().optional(),
  publishedAt: instantOut,
  deadLetter: deadLetter.optional(),
};
export const fencingToken = z
  .string()
  .regex(/^[0-9]+$/)
  .meta({
    description:
      'A decimal that only grows, over all leases of the ensemble: hand it to your database to shut out a worker whose lease was lost.',
  });

export const received = z
  .strictObject({
    ...stored,
    receipt,
    deliveries: z.int().min(1).meta({ description: '1 on the first delivery.', format: 'int64' }),
    leaseExpiresAt: instantOut,
    fencingToken,
  })
  .meta({ id: 'Received' });

export const receivedList = z
  .strictObject({
    messages: z.array(received),
    acked: z.array(outcome).optional().meta({ description: 'Present when the request had receipts to ack.' }),
  })
  .meta({ id: 'ReceivedList' });

export const peeked = z
  .strictObject({
    ...stored,
    state: messageState,
    deliveries: tally.meta({ description: 'So far; 0 when it was never received.' }),
    leaseExpiresAt: instantOut.optional(),
  })
  .meta({ id: 'Peeked' });

export const peekedList = z
  .strictObject({ messages: z.array(peeked), nextCursor })
  .meta({ id: 'PeekedList' });
