/**
 * Lists in what is sent. Unlike those of zod they stop where enough is known: one that is too long is refused before any
 * element is looked at, and of bad elements no more are found than are told.
 */
import { z } from 'zod';
import { ERRORS_LISTED_MAX } from '../../http/problems.ts';

type ListOptions = z.core.GlobalMeta & {
  readonly min?: number;
  readonly max?: number;
};

/**
 * A list of `min` to `max` elements.
 *
 * @param options what the document says of it is part of them: `meta` would make another schema, of zod's own kind
 */
export function list<Element extends z.ZodType>(
  element: Element,
  { min = 0, max = Number.POSITIVE_INFINITY, ...meta }: ListOptions,
): z.ZodArray<Element> {
  let schema = z.array(element);
  if (min > 0) schema = schema.min(min);
  if (max < Number.POSITIVE_INFINITY) schema = schema.max(max);
  if (Object.keys(meta).length > 0) schema = schema.meta(meta);
  const parseAll = schema._zod.parse;
  schema._zod.parse = (payload, context) => {
    const input: unknown = payload.value;
    if (!Array.isArray(input)) return parseAll(payload, context);
    if (input.length > max) {
      const tooBig = { code: 'too_big', origin: 'array', maximum: max, inclusive: true } as const;
      payload.issues.push({ ...tooBig, input, inst: schema, continue: false });
      return payload;
    }
    const values: z.output<Element>[] = [];
    for (const [index, value] of input.entries()) {
      const checked = element._zod.run({ value, issues: [] }, context);
      if (checked instanceof Promise) throw new Error('elements of lists are checked at once');
      if (checked.issues.length > 0) payload.issues.push(...z.core.util.prefixIssues(index, checked.issues));
      if (payload.issues.length >= ERRORS_LISTED_MAX) {
        // What is left was not checked: nothing may be concluded of the list as a whole.
        payload.issues.push(...payload.issues.splice(0).map((each) => ({ ...each, continue: false })));
        return payload;
      }
      values.push(checked.value as z.output<Element>);
    }
    payload.value = values;
    return payload;
  };
  return schema;
}
