/**
 * Checks values from outside against zod schemas, and words what is wrong so that the sender knows what to do.
 *
 * Guarantees: the result has only known fields; messages never contain the value that was sent.
 */
import type { z } from 'zod';
import type { FieldError } from '../../queue/index.ts';
import { ERRORS_LISTED_MAX, invalidFields } from './problems.ts';

/** An unknown field's name is the sender's text: show no more of it than helps. */
const SHOWN_NAME_CHARS_MAX = 64;

/** The checked value, or a validation problem naming each field, as far as so many help. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  throw invalidFields(fieldErrors(result.error.issues, value));
}

/** The first issues of zod in our words; `value` is what was checked. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[], value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  for (const issue of issues) {
    if (errors.length >= ERRORS_LISTED_MAX) break;
    const path = issue.path.map((step) => shown(String(step)));
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, ERRORS_LISTED_MAX - errors.length)) {
        errors.push({
          path: [...path, shown(key)].join('.'),
          message: 'is not a known field here; remove it or check its spelling',
        });
      }
    } else {
      errors.push({ path: path.join('.'), message: wording(issue, value) });
    }
  }
  return errors;
}

function shown(name: string): string {
  return name.length > SHOWN_NAME_CHARS_MAX ? `${name.slice(0, SHOWN_NAME_CHARS_MAX)}…` : name;
}

function wording(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return isMissing(value, issue.path)
        ? `is required: send ${expected(issue.expected)}`
        : `must be ${expected(issue.expected)}`;
    case 'too_small':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${bound(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum)}`;
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_format':
    case 'custom':
      return issue.message;
    default:
      return `is not valid: ${issue.message}`;
  }
}

/** Looked up here: zod would tell as well, but only if asked to in a second check of everything. */
function isMissing(value: unknown, path: readonly PropertyKey[]): boolean {
  let place = value;
  for (const step of path) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, step)) return true;
    place = (place as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return place === undefined;
}

function expected(type: string): string {
  switch (type) {
    case 'int':
      return 'a whole number';
    case 'number':
      return 'a finite number';
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'a string, once';
    case 'array':
      return 'a list';
    case 'object':
    case 'record':
      return 'a JSON object';
    default:
      return `a value of type ${type}`;
  }
}

function bound(origin: string, relation: string, limit: number | bigint): string {
  switch (origin) {
    case 'string':
      return `have ${relation} ${counted(limit, 'character')}`;
    case 'array':
      return `have ${relation} ${counted(limit, 'element')}`;
    default:
      return `be ${relation} ${limit}`;
  }
}

function counted(limit: number | bigint, noun: string): string {
  return `${limit} ${noun}${Number(limit) === 1 ? '' : 's'}`;
}
