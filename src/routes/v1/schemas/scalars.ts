/**
 * The small values that the API's objects are made of, each with its limits and its documentation.
 */
import { z } from 'zod';
import { isStorable, NAME_PATTERN, OPTIONS_OF } from '../../../queue/index.ts';
import { INSTANT_CHARS_MAX, instantMs } from '../../http/instants.ts';
import { CONTENT_TYPE, CONTENT_TYPE_CHARS_MAX } from '../../http/media-types.ts';
import { list } from './lists.ts';

const NAME_MESSAGE =
  'must be 1 to 128 letters, digits, dots, underscores or hyphens, beginning with a letter or digit';

export const RECEIPT_CHARS_MAX = 512;

/** Of a check behind which there is no other: a long text would take a pattern a long time, or more stack than there is. */
export const FINAL = { abort: true };

/** A name of a queue, topic or subscription. */
export function name(description: string) {
  return z
    .string()
    .regex(NAME_PATTERN, NAME_MESSAGE)
    .meta({ description, examples: ['orders'] });
}

/** A number of seconds, fractions allowed. */
export function seconds(min: number, max: number, description: string) {
  return z.number().min(min).max(max).meta({ description, format: 'double' });
}

const INT32_MAX = 2_147_483_647;

/** A whole number. */
export function count(min: number, max: number, description: string) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ description, format: max > INT32_MAX ? 'int64' : 'int32' });
}

/** Text that means something only to its sender. */
export function label(charsMax: number, description: string) {
  return z
    .string()
    .min(1)
    .max(charsMax, FINAL)
    .refine(isStorable, 'must be valid Unicode, without lone surrogates')
    .meta({ description });
}

const lease = OPTIONS_OF.queue.leaseSeconds;
export const leaseSeconds = seconds(lease.min, lease.max, lease.description);

export const receipt = z
  .string()
  .max(RECEIPT_CHARS_MAX)
  .meta({ description: 'Stands for one delivery under one lease. Opaque; any replica accepts it.' });

export const RECEIPTS_MAX = 1000;
export const receipts = list(receipt, { min: 1, max: RECEIPTS_MAX, description: '1 to 1000 receipts.' });

export const messageState = z.enum(['ready', 'leased', 'delayed']).meta({ id: 'MessageState' });

export const instant = z
  .string()
  .max(INSTANT_CHARS_MAX, FINAL)
  .refine((text) => instantMs(text) !== undefined, 'must be an RFC 3339 instant such as 2030-01-31T12:00:00Z')
  .meta({ format: 'date-time', description: 'An RFC 3339 instant with any offset.' });

export const contentType = z
  .string()
  .max(CONTENT_TYPE_CHARS_MAX, FINAL)
  .regex(CONTENT_TYPE, 'must be a media type such as text/plain; charset=utf-8')
  .meta({ description: 'A media type with its parameters, kept verbatim. At most 256 characters.' });

export const pageLimit = count(1, 1000, 'How many to answer at most.').optional().meta({ default: 100 });
export const PAGE_LIMIT_DEFAULT = 100;

export const pageCursor = z
  .string()
  .min(1)
  .max(512)
  .optional()
  .meta({ description: 'The `nextCursor` of the page before.' });
