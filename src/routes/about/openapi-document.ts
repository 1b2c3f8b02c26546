/**
 * Writes the OpenAPI 3.1 document from the operations themselves.
 *
 * Guarantees: the same operations always give the same text, so that the committed copy can be compared.
 */
import {
  createDocument,
  type oas31,
  type ZodOpenApiOperationObject,
  type ZodOpenApiPathsObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';
import type { Version } from '../../version.ts';
import { accessSentence, PUBLIC } from '../http/access.ts';
import { operation as define, type Operation } from '../http/operation.ts';
import { PROBLEM_CODES, type ProblemCode, problemKind } from '../http/problems.ts';
import { noBody } from '../http/request-bodies.ts';
import { problem } from '../v1/schemas/answers.ts';
import { noParams, noQuery } from '../v1/schemas/scalars.ts';
import { linksOf } from './openapi-links.ts';

type SharedResponses = Map<string, ZodOpenApiResponseObject>;

/** Problems that any operation can meet. */
const COMMON: readonly ProblemCode[] = ['validation', 'headers-too-large', 'internal', 'not-implemented'];
/** Problems of every operation that is not public. */
const ACCESS: readonly ProblemCode[] = ['unauthorized', 'forbidden'];
/** Problems of every operation that reads a body, be it to refuse one. */
const BODY: readonly ProblemCode[] = ['payload-too-large', 'unsupported-media-type'];
/** Problems of every operation that asks the broker. */
const BROKER: readonly ProblemCode[] = ['rate-limited', 'unavailable', 'outcome-unknown'];

/** The name of the one way to send credentials. */
const SCHEME = 'bearer';

const TAGS = [
  { name: 'Queues', description: 'A queue is a topic with exactly one built-in subscription.' },
  {
    name: 'Messages of a queue',
    description:
      'Publish, receive under a lease, and ack. Delivery is at least once; with autoAck at most once.',
  },
  { name: 'Topics', description: 'A topic is an append-only, durable, ordered log of messages.' },
  {
    name: 'Messages of a topic',
    description:
      'Stored once, however many subscriptions there are. Publish, browse, and follow as a stream.',
  },
  {
    name: 'Subscriptions',
    description:
      'A subscription is a named, durable cursor on a topic. Its consumers compete: each message goes to one of them.',
  },
  { name: 'Messages of a subscription', description: 'As of a queue; and seek to replay or to skip.' },
  { name: 'Transactions', description: 'Acks and publishes that take effect together, exactly once.' },
  { name: 'Operation', description: 'For load balancers, monitoring and tools.' },
];

/** Of the contract, not of the gateway. */

const REQUEST_ID = 'X-Request-Id';
const REQUEST_ID_HEADER: oas31.HeaderObject = {
  description: 'Names the request in the logs: the one that was sent, or a new one.',
  required: true,
  schema: { type: 'string', pattern: '^[A-Za-z0-9._:/+=-]{1,128}$' },
};
const REQUEST_ID_REFERENCE = { [REQUEST_ID]: { $ref: `#/components/headers/${REQUEST_ID}` } };

const RETRY_AFTER_HEADER: oas31.HeaderObject = {
  description: 'Seconds to wait.',
  required: true,
  schema: { type: 'integer', minimum: 1 },
};

const acceptHeader = (what: string): oas31.HeaderObject => ({
  description: `When it was ${what} that was refused: what is accepted.`,
  schema: { type: 'string' },
});
const ACCEPT_HEADERS = {
  'Accept-Encoding': acceptHeader('the Content-Encoding'),
  'Accept-Post': acceptHeader('the Content-Type of a POST'),
  'Accept-Patch': acceptHeader('the Content-Type of a PATCH'),
  Accept: acceptHeader('the Content-Type of a PUT'),
};

const DESCRIPTION = `A message broker over plain HTTP, stored in Apache ZooKeeper.

Every replica answers every request. Durations are numbers of seconds, fractions allowed. Instants are RFC 3339, with any offset in, in UTC with milliseconds out. Unknown JSON fields and query parameters are refused. A path with a slash at its end is another path: 404.

Errors are RFC 9457 \`application/problem+json\` with a code of a closed list; see the Problem schema and /problems/{code}. Where the gateway asks for credentials, send \`Authorization: Bearer\` with an API key or a JSON Web Token. Rights (\`publish\`, \`consume\`, \`manage\`) are granted by the names of queues and topics, and of subscriptions as \`topic/subscription\`.

A request refused with 4xx, 503 or 507 has changed nothing; only 504 leaves it open. Every answer carries X-Request-Id, which may also be sent.`;

/** GET /openapi.json */
export function describeApi(text: () => string): Operation {
  return define({
    method: 'GET',
    path: '/openapi.json',
    id: 'describeApi',
    tag: 'Operation',
    summary: 'This document',
    description: 'OpenAPI 3.1. The same as a page for people: /docs.',
    access: PUBLIC,
    params: noParams,
    query: noQuery,
    body: noBody(),
    responses: {
      200: { description: 'This document.', content: { 'application/json': { schema: { type: 'object' } } } },
    },
    problems: [],
    produces: ['application/json'],
    handle: () => ({ status: 200, payload: text() }),
  });
}

/** The document of these operations. */
export function openApiDocument(operations: readonly Operation[], { version }: Version): oas31.OpenAPIObject {
  const paths: ZodOpenApiPathsObject = {};
  const shared: SharedResponses = new Map();
  for (const operation of operations) {
    paths[operation.path] = {
      ...paths[operation.path],
      [operation.method.toLowerCase()]: entry(operation, operations, shared),
    };
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: {
      title: 'zoogate',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ [SCHEME]: [] }],
    tags: TAGS,
    paths,
    components: {
      securitySchemes: {
        [SCHEME]: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key, or a JSON Web Token of the issuer that the gateway trusts. A gateway without authentication, which listens on its own machine alone unless told otherwise, asks for none.',
        },
      },
      headers: { [REQUEST_ID]: REQUEST_ID_HEADER },
    },
  });
  return withParametersDescribed(document);
}

/** What a schema says of a parameter is also what the parameter is about; some generators look nowhere else. */
function withParametersDescribed(document: oas31.OpenAPIObject): oas31.OpenAPIObject {
  const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.values(path));
  for (const parameter of operations.flatMap(({ parameters = [] }) => parameters)) {
    parameter.description ??= parameter.schema?.description;
  }
  return document;
}

function entry(
  operation: Operation,
  all: readonly Operation[],
  shared: SharedResponses,
): ZodOpenApiOperationObject {
  const { params, query, headers, body } = operation;
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    description: `${operation.description} ${accessSentence(operation.access)}`,
    ...(operation.access.kind === 'public' ? { security: [] } : {}),
    requestParams: {
      ...(hasFields(params) ? { path: params } : {}),
      ...(hasFields(query) ? { query } : {}),
      ...(headers === undefined ? {} : { header: headers }),
    },
    ...(body.openapi === undefined ? {} : { requestBody: body.openapi }),
    responses: { ...successes(operation, all), ...problemResponses(operation, shared) },
  };
}

function successes(operation: Operation, all: readonly Operation[]): Operation['responses'] {
  return Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => {
      const links = linksOf(operation, status, all);
      const headers = { ...response.headers, ...REQUEST_ID_REFERENCE };
      return [status, { ...response, headers, ...(Object.keys(links).length === 0 ? {} : { links }) }];
    }),
  );
}

function hasFields(schema: Operation['params']): boolean {
  return Object.keys(schema.shape).length > 0;
}

function problemResponses(
  operation: Operation,
  shared: SharedResponses,
): ZodOpenApiOperationObject['responses'] {
  const asksBroker = operation.path.startsWith('/v1/');
  const codes = new Set<ProblemCode>([
    ...COMMON,
    ...(operation.method === 'GET' ? [] : BODY),
    ...(operation.produces.length > 0 ? (['not-acceptable'] as const) : []),
    ...(operation.access.kind === 'public' ? [] : ACCESS),
    ...(asksBroker ? BROKER : operation.id === 'readyz' ? (['unavailable'] as const) : []),
    ...operation.problems,
  ]);
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of PROBLEM_CODES.filter((candidate) => codes.has(candidate))) {
    const { status } = problemKind(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries([...byStatus].map(([status, same]) => [status, sharedResponse(same, shared)]));
}

/** A component of the document is told by its identity: the same problems must be the same object. */
function sharedResponse(codes: readonly ProblemCode[], shared: SharedResponses): ZodOpenApiResponseObject {
  const id = codes.join('-or-');
  const response = shared.get(id) ?? problemResponse(id, codes);
  shared.set(id, response);
  return response;
}

function problemResponse(id: string, codes: readonly ProblemCode[]): ZodOpenApiResponseObject {
  const kinds = codes.map((code) => ({ code, ...problemKind(code) }));
  const retries = kinds.some((kind) => kind.retryAfterSeconds !== undefined);
  const challenges = codes.includes('unauthorized');
  return {
    id,
    description: kinds.map(({ code, description }) => `\`${code}\`: ${description}`).join('\n\n'),
    content: {
      'application/problem+json': {
        schema: problem,
        examples: Object.fromEntries(
          kinds.map(({ code, status, title }) => [
            code,
            { value: { type: `/problems/${code}`, title, status, detail: title, code } },
          ]),
        ),
      },
    },
    headers: {
      ...(retries ? { 'Retry-After': RETRY_AFTER_HEADER } : {}),
      ...(codes.includes('unsupported-media-type') ? ACCEPT_HEADERS : {}),
      ...(challenges
        ? { 'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string' } } }
        : {}),
      ...REQUEST_ID_REFERENCE,
    },
  };
}
