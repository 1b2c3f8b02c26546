/**
 * Queues, topics and subscriptions as resources: create, change, read, list and delete them. Written once; what they
 * differ in is a `ResourceType`.
 */
import { z } from 'zod';
import { maySee, type Principal } from '../../access/index.ts';
import {
  inconsistencies,
  NAME_PREFIX,
  type Resource,
  type ResourceConfigs,
  type ResourceKind,
  type ResourceRef,
} from '../../queue/index.ts';
import { requireRight } from '../http/access.ts';
import type { RouteContext } from '../http/context.ts';
import { entityTag, isKnownToClient, preconditionOfChange, preconditionOfPut } from '../http/entity-tags.ts';
import { instantText } from '../http/instants.ts';
import { noQuery } from '../http/no-fields.ts';
import { type Answer, json, type Operation, operation } from '../http/operation.ts';
import { invalidFields, type ProblemCode } from '../http/problems.ts';
import { jsonBody, noBody } from '../http/request-bodies.ts';
import { ETAG_HEADER, emptyResponse, jsonResponse } from '../http/responses.ts';
import { resource, resourceList } from './schemas/answers.ts';
import { type ConfigSchemas, patchedConfig } from './schemas/configs.ts';
import { PAGE_LIMIT_DEFAULT, pageCursor, pageLimit } from './schemas/scalars.ts';
import type { ParamsSchema } from './targets-and-sources.ts';

const CONFIG_BODY_BYTES_MAX = 64 * 1024;

/** What tells queues, topics and subscriptions apart. */
export interface ResourceType<Kind extends ResourceKind, Params, ListParams> {
  readonly kind: Kind;
  /** Its word in operation ids: putQueue. */
  readonly noun: 'Queue' | 'Topic' | 'Subscription';
  readonly plural: 'queues' | 'topics' | 'subscriptions';
  readonly tag: string;
  readonly path: string;
  readonly listPath: string;
  readonly params: ParamsSchema<Params>;
  readonly listParams: ParamsSchema<ListParams>;
  readonly configs: ConfigSchemas<ResourceConfigs[Kind]>;
  readonly exampleConfig: Partial<ResourceConfigs[Kind]>;
  /** Options that the example of an answer begins with; absent means the order of the table. */
  readonly exampleBeginsWith?: Partial<ResourceConfigs[Kind]>;
  /** Sentences of the documentation that only hold here. */
  readonly notes: { readonly put: string; readonly delete: string };
  /** Beyond those that all resources have in common. */
  readonly listProblems: readonly ProblemCode[];
  refOf(params: Params): ResourceRef<Kind>;
  /** What rights are granted on. */
  nameOf(params: Params): string;
  /** The same of one that is listed. */
  listedName(params: ListParams, name: string): string;
  /** The topic whose subscriptions are listed. */
  topicOf(params: ListParams): string | undefined;
}

const ifMatch = z.string().optional().meta({
  // The pattern says so too; for clients and generators that read no patterns.
  minLength: 1,
  pattern: String.raw`^(?:\*|(?:W/)?"[\x21\x23-\x7e]*"(?:[ \t]*,[ \t]*(?:W/)?"[\x21\x23-\x7e]*")*)$`,
  description:
    'Entity tags (or *): change only when the configuration is still one of these. Weak tags never match.',
});

/** All operations on resources of this type. */
export function resourceOperations<Kind extends ResourceKind, Params, ListParams>(
  { broker }: RouteContext,
  type: ResourceType<Kind, Params, ListParams>,
): Operation[] {
  type Config = ResourceConfigs[Kind];
  const { kind, noun, plural, path, tag, params, configs, nameOf } = type;
  const word = noun.toLowerCase();
  const shape = resource(noun, configs.output);
  const example = {
    name: 'orders',
    config: { ...type.exampleBeginsWith, ...configs.defaults, ...type.exampleConfig },
    stats: { messages: 3, ready: 2, leased: 1, delayed: 0, bytes: 512, oldestMessageAgeSeconds: 1.5 },
    createdAt: '2030-01-31T12:00:00.000Z',
    updatedAt: '2030-01-31T12:00:00.000Z',
  };
  const described = (description: string) => jsonResponse(description, shape, example, ETAG_HEADER);

  const put = operation({
    method: 'PUT',
    path,
    id: `put${noun}`,
    managementAction: 'put',
    tag,
    summary: `Create a ${word}, or replace its configuration`,
    description: `No body, or an empty one, means all defaults. Replacing sets every option that is left out back to its default; messages stay. ${type.notes.put}`,
    access: { kind: 'right', right: 'manage', nameOf },
    params,
    query: noQuery,
    headers: z.object({
      'If-Match': ifMatch,
      'If-None-Match': z
        .string()
        .optional()
        .meta({
          minLength: 1,
          pattern: String.raw`^\*$`,
          description: `* to create only: 412 when the ${word} exists.`,
          examples: ['*'],
        }),
    }),
    body: jsonBody(configs.input, {
      limitBytes: CONFIG_BODY_BYTES_MAX,
      optional: true,
      description: 'The options; at most 64 KiB.',
      example: type.exampleConfig,
    }),
    responses: {
      201: described(`The ${word} was created.`),
      200: described('The configuration was replaced.'),
    },
    problems: [...type.listProblems, 'conflict', 'precondition-failed', 'store-full'],
    produces: ['application/json'],
    async handle({ params: names, body, headers, principal, call }) {
      requireConsistent(type.refOf(names), body);
      requireDeadLetterQueue(principal, nameOf(names), body);
      const result = await broker.put(type.refOf(names), body, preconditionOfPut(headers), call);
      return answered(result.created ? 201 : 200, result.resource);
    },
  });

  const patch = operation({
    method: 'PATCH',
    path,
    id: `patch${noun}`,
    managementAction: 'patch',
    tag,
    summary: `Change some options of a ${word}`,
    description: 'A JSON merge patch (RFC 7386): options that are left out stay, null resets to the default.',
    access: { kind: 'right', right: 'manage', nameOf },
    params,
    query: noQuery,
    headers: z.object({ 'If-Match': ifMatch }),
    body: jsonBody(configs.patch, {
      limitBytes: CONFIG_BODY_BYTES_MAX,
      mediaTypes: ['application/merge-patch+json', 'application/json'],
      description: 'The options to change; at most 64 KiB.',
      example: type.exampleConfig,
    }),
    responses: { 200: described('The configuration was changed.') },
    problems: ['not-found', 'conflict', 'precondition-failed', 'store-full'],
    produces: ['application/json'],
    async handle({ params: names, body, headers, principal, call }) {
      requireDeadLetterQueue(principal, nameOf(names), body);
      const change = (current: Config): Config => {
        const patched = patchedConfig(configs, current, body);
        requireConsistent(type.refOf(names), patched);
        return patched;
      };
      return answered(
        200,
        await broker.update(type.refOf(names), change, preconditionOfChange(headers), call),
      );
    },
  });

  const get = operation({
    method: 'GET',
    path,
    id: `get${noun}`,
    tag,
    summary: `Read a ${word}`,
    description:
      'The configuration with every option in force, and statistics that are exact at the moment of the read. The entity tag is of the configuration alone: 304 to `If-None-Match` tells that the configuration is the same, and nothing of the statistics.',
    access: { kind: 'any', nameOf },
    params,
    query: noQuery,
    headers: z.object({
      'If-Match': ifMatch,
      'If-None-Match': ifMatch.meta({
        description:
          'Entity tags (or *) that the client has: 304 when the configuration is still one of these.',
      }),
    }),
    body: noBody(),
    responses: {
      200: described(`The ${word}.`),
      304: {
        description: 'The configuration has not changed; the statistics may have.',
        headers: ETAG_HEADER,
      },
    },
    problems: ['not-found', 'precondition-failed'],
    produces: ['application/json'],
    async handle({ params: names, headers, call }) {
      const current = await broker.get(type.refOf(names), call);
      const etag = entityTag(current.etag);
      return isKnownToClient(headers, current.etag)
        ? { status: 304, headers: { etag } }
        : answered(200, current);
    },
  });

  const list = operation({
    method: 'GET',
    path: type.listPath,
    id: `list${noun}s`,
    tag,
    summary: `List ${plural}`,
    description: 'In the order of their names, page by page.',
    access: { kind: 'within', topicOf: type.topicOf },
    params: type.listParams,
    query: z.strictObject({
      prefix: z
        .string()
        .regex(NAME_PREFIX, 'must be at most 128 letters, digits, dots, underscores or hyphens')
        .optional()
        .meta({ description: `Only ${plural} whose names begin so.` }),
      limit: pageLimit,
      cursor: pageCursor,
    }),
    body: noBody(),
    responses: {
      200: jsonResponse(`A page of ${plural}.`, resourceList(noun, plural, shape), { [plural]: [example] }),
    },
    problems: type.listProblems,
    produces: ['application/json'],
    async handle({ params: names, query: { prefix, limit, cursor }, principal, call }) {
      const topic = type.topicOf(names);
      const page = await broker.list(
        kind,
        {
          limit: limit ?? PAGE_LIMIT_DEFAULT,
          isShown: (name) => maySee(principal, type.listedName(names, name)),
          ...(prefix === undefined ? {} : { prefix }),
          ...(cursor === undefined ? {} : { cursor }),
          ...(topic === undefined ? {} : { topic }),
        },
        call,
      );
      return json(200, { [plural]: page.items.map(resourceJson), nextCursor: page.nextCursor });
    },
  });

  const remove = operation({
    method: 'DELETE',
    path,
    id: `delete${noun}`,
    managementAction: 'delete',
    tag,
    summary: `Delete a ${word}`,
    description: type.notes.delete,
    access: { kind: 'right', right: 'manage', nameOf },
    params,
    query: noQuery,
    headers: z.object({ 'If-Match': ifMatch }),
    body: noBody(),
    responses: { 204: emptyResponse(`The ${word} is gone.`) },
    problems: ['not-found', 'conflict', 'precondition-failed'],
    produces: [],
    async handle({ params: names, headers, call }) {
      await broker.delete(type.refOf(names), preconditionOfChange(headers), call);
      return { status: 204 };
    },
  });

  return [put, patch, get, list, remove];
}

/** Throws a problem when the options, each valid, contradict each other. */
function requireConsistent<Kind extends ResourceKind>(
  ref: ResourceRef<Kind>,
  config: ResourceConfigs[Kind],
): void {
  const errors = inconsistencies(ref, config);
  if (errors.length > 0) throw invalidFields(errors);
}

/**
 * What dies here arrives there: that is for those who decide about that queue. And whoever sets it has messages carried
 * away as a redrive does: with `manage` alone one could read every message by a dead-letter queue of one's own.
 */
function requireDeadLetterQueue(principal: Principal, source: string, options: object): void {
  const { deadLetterQueue } = options as { readonly deadLetterQueue?: unknown };
  if (typeof deadLetterQueue !== 'string') return;
  requireRight(principal, 'consume', source);
  requireRight(principal, 'manage', deadLetterQueue);
}

/** The resource as clients see it. */
function resourceJson<Config>({ name, config, stats, createdAtMs, updatedAtMs }: Resource<Config>): object {
  const { messages, ready, leased, delayed, bytes, oldestMessageAgeSeconds } = stats;
  return {
    name,
    config,
    stats: { messages, ready, leased, delayed, bytes, oldestMessageAgeSeconds },
    createdAt: instantText(createdAtMs),
    updatedAt: instantText(updatedAtMs),
  };
}

function answered<Config>(status: number, described: Resource<Config>): Answer {
  return json(status, resourceJson(described), { etag: entityTag(described.etag) });
}
