/** A subscription's filter: for each attribute the values that the subscription takes. Pure. */

import { ATTRIBUTE_NAME, ATTRIBUTE_NAME_MESSAGE, ATTRIBUTES_MAX, isStorable } from './names.ts';

export type Filter = Readonly<Record<string, readonly string[]>>;

export interface FilterError {
  readonly attribute?: string;
  readonly message: string;
}

export const FILTER_VALUES_MAX = 64;
export const FILTER_VALUE_CHARS_MAX = 1024;
/** Of the whole filter as JSON: patches could otherwise let one grow beyond what can be stored. */
const FILTER_CHARS_MAX = 64 * 1024;

/** What keeps a JSON value from being a filter: of one of its attributes, or of the whole where none is named. */
export function filterErrors(value: unknown): FilterError[] {
  const wrong = (message: string): FilterError[] => [{ message }];
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return wrong('must be a JSON object of lists of strings');
  const entries = Object.entries(value);
  if (entries.length > ATTRIBUTES_MAX) return wrong(`must have at most ${ATTRIBUTES_MAX} attributes`);
  if (JSON.stringify(value).length > FILTER_CHARS_MAX)
    return wrong(`must have at most ${FILTER_CHARS_MAX} characters as JSON`);
  return entries.flatMap(([attribute, accepted]) => {
    const message = ATTRIBUTE_NAME.test(attribute) ? acceptedError(accepted) : ATTRIBUTE_NAME_MESSAGE;
    return message === undefined ? [] : [{ attribute, message }];
  });
}

/** Whether a message with these attributes passes: each attribute that the filter names has an accepted value. */
export function passes(attributes: Readonly<Record<string, string>>, filter: Filter): boolean {
  for (const [name, accepted] of Object.entries(filter)) {
    if (!Object.hasOwn(attributes, name)) return false;
    if (!accepted.includes(attributes[name] as string)) return false;
  }
  return true;
}

function acceptedError(accepted: unknown): string | undefined {
  if (!Array.isArray(accepted) || accepted.length === 0 || accepted.length > FILTER_VALUES_MAX)
    return `must be a list of 1 to ${FILTER_VALUES_MAX} strings`;
  const isFine = (text: unknown): boolean =>
    typeof text === 'string' && text.length <= FILTER_VALUE_CHARS_MAX && isStorable(text);
  return accepted.every(isFine)
    ? undefined
    : `must be a list of strings of valid Unicode, each at most ${FILTER_VALUE_CHARS_MAX} characters long`;
}
