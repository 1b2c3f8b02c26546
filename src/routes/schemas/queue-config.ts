/**
 * The options of a queue: one table of fields, from which the schemas of PUT (defaults), PATCH (null resets) and of
 * answers (everything shown) are made.
 */
import { z } from 'zod';
import type { QueueConfig } from '../../queue/index.ts';
import { count, DELAY_SECONDS_MAX, leaseSeconds, name, seconds, TTL_SECONDS_MAX } from './scalars.ts';

const fields = {
  leaseSeconds,
  maxDeliveries: count(1, 1_000_000, 'How often a message is delivered at most. Absent: without limit.'),
  deadLetterQueue: name(
    'An existing queue that takes messages beyond maxDeliveries and rejected ones. Absent: they are dropped.',
  ),
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
  maxBytes: count(
    1,
    1_000_000_000_000_000,
    'More bytes of bodies are refused with 429. Absent: without limit.',
  ),
  ordering: z.enum(['none', 'group', 'strict']).meta({
    description:
      '`none`: best-effort first in, first out. `group`: strict within a group. `strict`: one message in flight at a time, in the order of the log.',
  }),
  priorities: count(1, 10, 'How many levels of priority there are.'),
  dedupWindowSeconds: seconds(1, 86_400, 'For how long a dedupId is remembered, in seconds.'),
};

/** What PUT fills in and PATCH resets to; options that are not here are absent by default. */
export const QUEUE_CONFIG_DEFAULTS = {
  leaseSeconds: 30,
  delaySeconds: 0,
  ordering: 'none',
  priorities: 1,
  dedupWindowSeconds: 300,
} as const;

const defaults = QUEUE_CONFIG_DEFAULTS;

export const queueConfigInput = z
  .strictObject({
    leaseSeconds: fields.leaseSeconds.default(defaults.leaseSeconds),
    maxDeliveries: fields.maxDeliveries.optional(),
    deadLetterQueue: fields.deadLetterQueue.optional(),
    delaySeconds: fields.delaySeconds.default(defaults.delaySeconds),
    messageTtlSeconds: fields.messageTtlSeconds.optional(),
    maxMessages: fields.maxMessages.optional(),
    maxBytes: fields.maxBytes.optional(),
    ordering: fields.ordering.default(defaults.ordering),
    priorities: fields.priorities.default(defaults.priorities),
    dedupWindowSeconds: fields.dedupWindowSeconds.default(defaults.dedupWindowSeconds),
  })
  .meta({
    id: 'QueueConfigInput',
    description: 'The options of a queue; what is left out takes its default.',
  });

export const queueConfigPatch = z
  .strictObject({
    leaseSeconds: fields.leaseSeconds.nullish(),
    maxDeliveries: fields.maxDeliveries.nullish(),
    deadLetterQueue: fields.deadLetterQueue.nullish(),
    delaySeconds: fields.delaySeconds.nullish(),
    messageTtlSeconds: fields.messageTtlSeconds.nullish(),
    maxMessages: fields.maxMessages.nullish(),
    maxBytes: fields.maxBytes.nullish(),
    ordering: fields.ordering.nullish(),
    priorities: fields.priorities.nullish(),
    dedupWindowSeconds: fields.dedupWindowSeconds.nullish(),
  })
  .meta({
    id: 'QueueConfigPatch',
    description: 'A JSON merge patch (RFC 7386): what is left out stays, null resets to the default.',
  });

export const queueConfig = z
  .strictObject({
    leaseSeconds: fields.leaseSeconds,
    maxDeliveries: fields.maxDeliveries.optional(),
    deadLetterQueue: fields.deadLetterQueue.optional(),
    delaySeconds: fields.delaySeconds,
    messageTtlSeconds: fields.messageTtlSeconds.optional(),
    maxMessages: fields.maxMessages.optional(),
    maxBytes: fields.maxBytes.optional(),
    ordering: fields.ordering,
    priorities: fields.priorities,
    dedupWindowSeconds: fields.dedupWindowSeconds,
  })
  .meta({
    id: 'QueueConfig',
    description: 'The options of a queue in force. An absent one means "no limit".',
  });

/** The configuration after a merge patch; what the patch sets to null gets its default. */
export function patchedQueueConfig(
  current: QueueConfig,
  patch: z.output<typeof queueConfigPatch>,
): QueueConfig {
  const merged: Record<string, unknown> = { ...current };
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) {
      delete merged[field];
    } else if (value !== undefined) {
      merged[field] = value;
    }
  }
  return queueConfigInput.parse(merged);
}
