/** What names may be made of: those of queues, topics and subscriptions, and those of attributes. */

export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
/** What a name may begin with. */
export const NAME_PREFIX = /^[A-Za-z0-9._-]{0,128}$/;

export const ATTRIBUTE_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
export const ATTRIBUTE_NAME_MESSAGE =
  'is not a valid attribute name: use 1 to 128 letters, digits, underscores, dots or hyphens';
/** Of one message, and of one filter. */
export const ATTRIBUTES_MAX = 32;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Half a UTF-16 pair cannot be stored as UTF-8, and would come back as another character. */
export function isStorable(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}
