/**
 * Writes the OpenAPI 3.1 document from the operations themselves. What only one door can say of its operations, it
 * passes in.
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
import { accessSentence } from './access.ts';
import type { Operation } from './operation.ts';
import { problem } from './problem-schema.ts';
import { PROBLEM_CODES, type ProblemCode, problemKind } from './problems.ts';

export type Links = Record<string, oas31.LinkObject>;

/** What a door says of its operations as a whole. */
export interface DoorDescription {
  /** The groups of its operations, in the order of the documentation. */
  readonly tags: readonly oas31.TagObject[];
  /** What the answer with this status offers to do next. `all` are the operations of the door. */
  readonly linksOf?: (operation: Operation, status: string, all: readonly Operation[]) => Links;
}

/** The operations of a door, and what it says of them. */
export interface DescribedOperations {
  readonly description: DoorDescription;
  readonly operations: readonly Operation[];
}

type SharedResponses = Map<string, ZodOpenApiResponseObject>;

/** Problems that any operation can meet. */
const COMMON: readonly ProblemCode[] = ['validation', 'headers-too-large', 'internal', 'not-implemented'];
/** Problems of every operation that is not public. */
const ACCESS: readonly ProblemCode[] = ['unauthorized', 'forbidden'];
/** Problems of every operation that reads a body, be it to refuse one. */
const BODY: readonly ProblemCode[] = ['payload-too-large', 'unsupported-media-type'];
/** Problems of every operation that is limited: those ask the broker. */
const BROKER: readonly ProblemCode[] = ['rate-limited', 'unavailable', 'outcome-unknown'];

/** The name of the one way to send credentials. */
const SCHEME = 'bearer';

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

/** What the document says of the whole API. */
export type ApiDescription = Pick<oas31.InfoObject, 'title' | 'version' | 'description'>;

/** The document of these operations. */
export function openApiDocument(
  info: ApiDescription,
  doors: readonly DescribedOperations[],
): oas31.OpenAPIObject {
  const paths: ZodOpenApiPathsObject = {};
  const shared: SharedResponses = new Map();
  for (const door of doors) {
    for (const operation of door.operations) {
      paths[operation.path] = {
        ...paths[operation.path],
        [operation.method.toLowerCase()]: entry(operation, door, shared),
      };
    }
  }
  const document = createDocument({
    openapi: '3.1.0',
    info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    security: [{ [SCHEME]: [] }],
    tags: doors.flatMap(({ description }) => description.tags),
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
  door: DescribedOperations,
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
    responses: { ...successes(operation, door), ...problemResponses(operation, shared) },
  };
}

function successes(
  operation: Operation,
  { description, operations }: DescribedOperations,
): Operation['responses'] {
  return Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => {
      const links = description.linksOf?.(operation, status, operations) ?? {};
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
  const codes = new Set<ProblemCode>([
    ...COMMON,
    ...(operation.method === 'GET' ? [] : BODY),
    ...(operation.produces.length > 0 ? (['not-acceptable'] as const) : []),
    ...(operation.access.kind === 'public' ? [] : ACCESS),
    ...(operation.isLimited === false ? [] : BROKER),
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
