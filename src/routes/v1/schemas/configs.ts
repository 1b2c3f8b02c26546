/**
 * The configurations of queues, topics and subscriptions: from one table of fields each, the schemas of PUT (defaults
 * filled in), of PATCH (null resets) and of answers (everything shown) are made.
 */
import { z } from 'zod';
import type { QueueConfig, SubscriptionConfig, TopicConfig } from '../../../queue/index.ts';
import { mergePatch } from '../../http/merge-patch.ts';
import { checked } from '../../http/validation.ts';
import {
  deliveryFields,
  FILTER_VALUE_CHARS_MAX,
  FILTER_VALUES_MAX,
  retentionFields,
  selectionFields,
  storageFields,
} from './config-fields.ts';
import { ATTRIBUTE_NAME } from './messages.ts';

/** The forms in which a configuration is sent and shown. */
export interface ConfigSchemas<Config> {
  readonly input: z.ZodType<Config>;
  readonly patch: z.ZodType<Record<string, unknown>>;
  readonly output: z.ZodType;
  readonly defaults: Partial<Config>;
}

/** A schema for every option of the configuration. */
type Fields<Config> = {
  readonly [Field in keyof Config]-?: z.ZodType<Exclude<Config[Field], undefined>>;
};

/** Options without a default are absent unless they are sent. */
function configSchemas<Config extends object>(
  noun: string,
  fields: Fields<Config>,
  defaults: Partial<Config>,
): ConfigSchemas<Config> {
  const inputs: Record<string, z.ZodType> = {};
  const patches: Record<string, z.ZodType> = {};
  const outputs: Record<string, z.ZodType> = {};
  const defaultOf = new Map<string, unknown>(Object.entries(defaults));
  for (const [field, schema] of Object.entries<z.ZodType>({ ...fields })) {
    const hasDefault = defaultOf.has(field);
    inputs[field] = hasDefault ? schema.default(defaultOf.get(field)) : schema.optional();
    outputs[field] = hasDefault ? schema : schema.optional();
    // A patch of an object is a patch itself, and makes sense only once it has been merged.
    patches[field] = field === 'filter' ? FILTER_PATCH : schema.nullish();
  }
  const word = noun.toLowerCase();
  const input = z.strictObject(inputs).meta({
    id: `${noun}ConfigInput`,
    description: `The options of a ${word}; what is left out takes its default.`,
  });
  const output = z.strictObject(outputs).meta({
    id: `${noun}Config`,
    description: `The options of a ${word} in force. An absent one means "no limit".`,
  });
  const patch = z.strictObject(patches).meta({
    id: `${noun}ConfigPatch`,
    description: 'A JSON merge patch (RFC 7386): what is left out stays, null resets to the default.',
  });
  // The fields are checked against Config one by one above; strictObject cannot see that from a record.
  return { input: input as unknown as z.ZodType<Config>, patch, output, defaults };
}

const FILTER_PATCH = z
  .unknown()
  .optional()
  .meta({
    override: {
      type: ['object', 'null'],
      propertyNames: { pattern: ATTRIBUTE_NAME.source },
      additionalProperties: {
        type: ['array', 'null'],
        minItems: 1,
        maxItems: FILTER_VALUES_MAX,
        items: { type: 'string', maxLength: FILTER_VALUE_CHARS_MAX },
      },
      description:
        'Attributes that are left out stay, null removes one; null for the filter as a whole removes it.',
    },
  });

export const queueConfigs = configSchemas<QueueConfig>(
  'Queue',
  { ...deliveryFields, ...storageFields },
  { leaseSeconds: 30, delaySeconds: 0, ordering: 'none', priorities: 1, dedupWindowSeconds: 300 },
);

export const topicConfigs = configSchemas<TopicConfig>(
  'Topic',
  { ...retentionFields, ...storageFields },
  { delaySeconds: 0, priorities: 1, dedupWindowSeconds: 300 },
);

export const subscriptionConfigs = configSchemas<SubscriptionConfig>(
  'Subscription',
  { ...deliveryFields, ...selectionFields },
  { leaseSeconds: 30, ordering: 'none', startFrom: 'latest' },
);

/** The configuration after a merge patch; what the patch sets to null gets its default. */
export function patchedConfig<Config>(
  schemas: ConfigSchemas<Config>,
  current: Config,
  patch: Record<string, unknown>,
): Config {
  return checked(schemas.input, mergePatch(current, patch));
}
