/**
 * Configurations of queues, topics and subscriptions by the table of their options (`options.ts`): defaults and
 * consistency. Pure.
 */

import type { FieldError } from './errors.ts';
import { OPTIONS_OF, type Option, type ResourceConfigs, type ResourceKind } from './options.ts';
import type { ResourceRef } from './vocabulary.ts';

/** Options by their names, in the order of the table. */
export function optionsOf(kind: ResourceKind): ReadonlyMap<string, Option> {
  return new Map(Object.entries<Option>({ ...OPTIONS_OF[kind] }));
}

/** What every option comes to that is not set; those without a default are left out. */
export function defaultsOf<Kind extends ResourceKind>(kind: Kind): Partial<ResourceConfigs[Kind]> {
  const options = [...optionsOf(kind)].filter(([, option]) => option.default !== undefined);
  // The table has the defaults of just these fields, each of its field's type.
  return Object.fromEntries(options.map(([name, option]) => [name, option.default])) as Partial<
    ResourceConfigs[Kind]
  >;
}

/**
 * A stored configuration as this version reads it: options that were added after it was stored have their defaults.
 * Options of a later version are told apart, for whoever writes the configuration again.
 */
export function readConfig<Kind extends ResourceKind>(
  kind: Kind,
  stored: object,
): { readonly config: ResourceConfigs[Kind]; readonly unknownOptions: Readonly<Record<string, unknown>> } {
  const options = optionsOf(kind);
  const known = Object.entries(stored).filter(([name]) => options.has(name));
  const unknown = Object.entries(stored).filter(([name]) => !options.has(name));
  return {
    config: { ...defaultsOf(kind), ...Object.fromEntries(known) } as ResourceConfigs[Kind],
    unknownOptions: Object.fromEntries(unknown),
  };
}

/** What contradicts itself in a configuration whose options are each within their ranges. */
export function inconsistencies<Kind extends ResourceKind>(
  { kind, name }: ResourceRef<Kind>,
  config: ResourceConfigs[Kind],
): FieldError[] {
  const { deadLetterQueue } = config as Partial<ResourceConfigs['queue']>;
  return kind === 'queue' && deadLetterQueue === name
    ? [{ path: 'deadLetterQueue', message: 'cannot be the queue itself' }]
    : [];
}
