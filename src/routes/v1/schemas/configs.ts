/**
 * The configurations of queues, topics and subscriptions: from the engine's table of options, the schemas of PUT
 * (defaults filled in), of PATCH (null resets) and of answers (everything shown) are made.
 */
import { z } from 'zod';
import { defaultsOf, optionsOf, type ResourceConfigs, type ResourceKind } from '../../../queue/index.ts';
import { mergePatch } from '../../http/merge-patch.ts';
import { checked } from '../../http/validation.ts';
import { patchSchemaOf, schemaOf } from './config-fields.ts';

/** The forms in which a configuration is sent and shown. */
export interface ConfigSchemas<Config> {
  readonly input: z.ZodType<Config>;
  readonly patch: z.ZodType<Record<string, unknown>>;
  readonly output: z.ZodType;
  readonly defaults: Partial<Config>;
}

/** Options without a default are absent unless they are sent. @param schemas of options by their names */
function configSchemas<Kind extends ResourceKind>(
  kind: Kind,
  noun: string,
  schemas: ReadonlyMap<string, z.ZodType>,
): ConfigSchemas<ResourceConfigs[Kind]> {
  const inputs: Record<string, z.ZodType> = {};
  const patches: Record<string, z.ZodType> = {};
  const outputs: Record<string, z.ZodType> = {};
  for (const [field, option] of optionsOf(kind)) {
    const schema = schemas.get(field) as z.ZodType;
    const hasDefault = option.default !== undefined;
    inputs[field] = hasDefault ? schema.default(option.default) : schema.optional();
    outputs[field] = hasDefault ? schema : schema.optional();
    patches[field] = patchSchemaOf(option, schema);
  }
  const input = z.strictObject(inputs).meta({
    id: `${noun}ConfigInput`,
    description: `The options of a ${kind}; what is left out takes its default.`,
  });
  const output = z.strictObject(outputs).meta({
    id: `${noun}Config`,
    description: `The options of a ${kind} in force. An absent one means "no limit".`,
  });
  const patch = z.strictObject(patches).meta({
    id: `${noun}ConfigPatch`,
    description: 'A JSON merge patch (RFC 7386): what is left out stays, null resets to the default.',
  });
  // The table has a row for each field of the configuration; strictObject cannot see that from a record.
  return {
    input: input as unknown as z.ZodType<ResourceConfigs[Kind]>,
    patch,
    output,
    defaults: defaultsOf(kind),
  };
}

/** An option that several kinds of resource have is one schema in the document. */
function sharedSchemas(): ReadonlyMap<string, z.ZodType> {
  const kinds: readonly ResourceKind[] = ['queue', 'topic', 'subscription'];
  const options = new Map(kinds.flatMap((kind) => [...optionsOf(kind)]));
  return new Map([...options].map(([field, option]) => [field, schemaOf(field, option)]));
}

const schemas = sharedSchemas();
export const queueConfigs = configSchemas('queue', 'Queue', schemas);
export const topicConfigs = configSchemas('topic', 'Topic', schemas);
export const subscriptionConfigs = configSchemas('subscription', 'Subscription', schemas);

/** The configuration after a merge patch; what the patch sets to null gets its default. */
export function patchedConfig<Config>(
  schemas: ConfigSchemas<Config>,
  current: Config,
  patch: Record<string, unknown>,
): Config {
  return checked(schemas.input, mergePatch(current, patch));
}
