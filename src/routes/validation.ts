/**
 * Checks values from outside against zod schemas, and words what is wrong so that the sender knows what to do.
 *
 * Guarantees: the result has only known fields; messages never contain the value that was sent.
 */
import type { z } from 'zod';
import type { FieldError } from '../queue/index.ts';
import { invalidFields } from './problems.ts';

/** An unknown field's name is the sender's text: show no more of it than helps. */
const SHOWN_NAME_CHARS_MAX = 64;

/** The checked value, or a validation problem naming each field. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) {
    return result.data;
  }
  // The input tells a missing field from a wrong one; it goes no further. Asking for it takes seven times as long.
  const { error = result.error } = schema.safeParse(value, { reportInput: true });
  throw invalidFields(fieldErrors(error.issues));
}

/** The issues of zod in our words. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((step) => shown(String(step))).join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: path === '' ? shown(key) : `${path}.${shown(key)}`,
        message: 'is not a known field here; remove it or check its spelling',
      }));
    }
    return [{ path, message: wording(issue) }];
  });
}

function shown(name: string): string {
  return name.length > SHOWN_NAME_CHARS_MAX ? `${name.slice(0, SHOWN_NAME_CHARS_MAX)}…` : name;
}

function wording(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
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
