/** The shape of `application/problem+json`, for the OpenAPI document; tests check answers against it. */
import { z } from 'zod';
import { PROBLEM_CODES } from './problems.ts';

const fieldError = z.strictObject({ path: z.string(), message: z.string() }).meta({ id: 'FieldError' });

export const problem = z
  .strictObject({
    type: z.string().meta({ description: 'A URI reference; the page there explains the problem.' }),
    title: z.string(),
    status: z.int().meta({ format: 'int32' }),
    detail: z.string(),
    code: z.enum(PROBLEM_CODES),
    errors: z
      .array(fieldError)
      .optional()
      .meta({ description: 'With `validation`: each place, such as messages.0.priority, and what to do.' }),
  })
  .meta({ id: 'Problem', description: 'An error in the form of RFC 9457.' });
