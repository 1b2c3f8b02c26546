/**
 * The schema of each option, made from the engine's table (`src/queue/model/options.ts`): its range is checked and its
 * description shown.
 */
import { z } from 'zod';
import {
  ATTRIBUTE_NAME,
  ATTRIBUTES_MAX,
  FILTER_VALUE_CHARS_MAX,
  FILTER_VALUES_MAX,
  filterErrors,
  type Option,
} from '../../../queue/index.ts';
import { count, name, seconds } from './scalars.ts';

/** @param field the option's name; a choice is shown under it, as `Ordering` for `ordering` */
export function schemaOf(field: string, option: Option): z.ZodType {
  const { description } = option;
  switch (option.kind) {
    case 'seconds':
      return seconds(option.min, option.max, description);
    case 'count':
      return count(option.min, option.max, description);
    case 'choice':
      return z.enum(option.choices).meta({ id: field.charAt(0).toUpperCase() + field.slice(1), description });
    case 'name':
      return name(description);
    case 'filter':
      return filter(description);
  }
}

/**
 * The schema of an option in a patch; null resets it. A patch of an object is a patch itself, and makes sense only once
 * it has been merged.
 */
export function patchSchemaOf(option: Option, schema: z.ZodType): z.ZodType {
  return option.kind === 'filter' ? FILTER_PATCH : schema.nullish();
}

const ACCEPTED_VALUES = {
  minItems: 1,
  maxItems: FILTER_VALUES_MAX,
  items: { type: 'string', maxLength: FILTER_VALUE_CHARS_MAX },
} as const;

/** Not z.record, which drops an attribute named __proto__ without a word. */
function filter(description: string) {
  return z
    .unknown()
    .superRefine((value, context) => {
      for (const { attribute, message } of filterErrors(value)) {
        context.addIssue({ code: 'custom', message, path: attribute === undefined ? [] : [attribute] });
      }
    })
    .meta({
      id: 'Filter',
      outputId: 'Filter',
      override: {
        type: 'object',
        maxProperties: ATTRIBUTES_MAX,
        propertyNames: { pattern: ATTRIBUTE_NAME.source },
        additionalProperties: { type: 'array', ...ACCEPTED_VALUES },
        examples: [{ kind: ['created', 'paid'] }],
        description,
      },
    });
}

const FILTER_PATCH = z
  .unknown()
  .optional()
  .meta({
    override: {
      type: ['object', 'null'],
      propertyNames: { pattern: ATTRIBUTE_NAME.source },
      additionalProperties: { type: ['array', 'null'], ...ACCEPTED_VALUES },
      description:
        'Attributes that are left out stay, null removes one; null for the filter as a whole removes it.',
    },
  });
