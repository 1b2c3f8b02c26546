/**
 * The query of a URL as plain values, ready for the same schemas as JSON.
 *
 * Guarantees: a number or a boolean is accepted in exactly the form JSON would have it; malformed percent-encoding
 * and a field given twice are refused, never guessed at.
 */
import type { z } from 'zod';
import { invalidField } from './problems.ts';

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** How the text of a field becomes the value that its schema expects. */
export type FieldKinds = ReadonlyMap<string, 'number' | 'boolean' | 'string'>;

/** Looks into a schema for the kinds of its fields; done once for each route. */
export function fieldKinds(schema: z.ZodObject): FieldKinds {
  return new Map(Object.entries(schema.shape).map(([name, field]) => [name, kindOf(field)]));
}

function kindOf(field: z.core.$ZodType): 'number' | 'boolean' | 'string' {
  const { def } = field._zod;
  if ('innerType' in def) {
    return kindOf(def.innerType as z.core.$ZodType);
  }
  return def.type === 'number' || def.type === 'boolean' ? def.type : 'string';
}

/** The fields of the query of `url`, converted by their kinds; unknown ones stay strings for the schema to refuse. */
export function queryFields(url: string, kinds: FieldKinds): Record<string, unknown> {
  const mark = url.indexOf('?');
  const fields: Record<string, unknown> = Object.create(null);
  if (mark < 0) {
    return fields;
  }
  for (const piece of url.slice(mark + 1).split('&')) {
    if (piece === '') {
      continue;
    }
    const equals = piece.indexOf('=');
    const name = decoded(equals < 0 ? piece : piece.slice(0, equals));
    const text = decoded(equals < 0 ? '' : piece.slice(equals + 1), name);
    if (name in fields) {
      throw invalidField(name, 'is given more than once; send it once');
    }
    fields[name] = converted(text, kinds.get(name));
  }
  return fields;
}

function decoded(text: string, name = ''): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidField(name === '' ? 'query' : name, 'is not valid percent-encoded UTF-8');
  }
}

function converted(text: string, kind: 'number' | 'boolean' | 'string' | undefined): unknown {
  if (kind === 'number' && JSON_NUMBER.test(text)) {
    return Number(text);
  }
  if (kind === 'boolean' && (text === 'true' || text === 'false')) {
    return text === 'true';
  }
  return text;
}
