/**
 * Rights as they are written, in the principals file and in the claim of a token: for each right the patterns of the
 * names that it is granted on.
 */
import { z } from 'zod';
import { NamePattern, PATTERN_GRAMMAR } from './name-pattern.ts';
import type { Rights } from './rights.ts';

export const PATTERNS_MAX = 1000;

const pattern = z
  .string({ error: 'expected a pattern of names' })
  .regex(PATTERN_GRAMMAR, 'expected a pattern of names such as orders, orders-* or events/billing');

function patterns(element: z.ZodType<string>) {
  return z
    .array(element, { error: 'expected a list of patterns, such as ["orders-*"]' })
    .max(PATTERNS_MAX, `expected at most ${PATTERNS_MAX} patterns`)
    .default([])
    .transform((texts) => texts.map((text) => new NamePattern(text)));
}

export const rightsSchema: z.ZodType<Rights> = z.strictObject(
  {
    publish: patterns(
      pattern.refine((text) => !text.includes('/'), 'names a subscription, and nobody publishes to those'),
    ),
    consume: patterns(pattern),
    manage: patterns(pattern),
    metrics: z.boolean({ error: 'expected true or false' }).default(false),
  },
  { error: objectExpected('an object of rights') },
);

/** The message of an object's schema for what is no object; what is wrong within it has messages of its own. */
export function objectExpected(what: string): z.core.$ZodErrorMap {
  return ({ code }) => (code === 'invalid_type' ? `expected ${what}` : undefined);
}

/** What is wrong, with the place of each thing: `principals.0.rights.publish.1: expected …`. */
export function describeIssues(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
}
