/**
 * What an HTTP operation is: its place, its schemas, its documentation and its handler, in one piece. The Fastify
 * route and the OpenAPI entry are both made from it, so neither can say something the other does not.
 *
 * Every request takes the same way: method and path (Fastify), credentials, names in the path, rights on them, Accept,
 * query, body, one call of the handler, answer. Everything up to the handler is checked before anything has an effect.
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';
import type { Principal } from '../../access/index.ts';
import type { Call, CallSignal, TraceContext } from '../../queue/index.ts';
import { withAcceptedTypes } from './accepted-types.ts';
import { type Access, requireAccess } from './access.ts';
import type { Authenticator } from './authenticator.ts';
import type { EdgeLoad, RequestShare } from './edge-load.ts';
import { RouteCounts } from './http-counts.ts';
import { preferredType } from './media-types.ts';
import { invalidField, Problem, type ProblemCode } from './problems.ts';
import { fieldKinds, queryFields } from './query-strings.ts';
import { type BodyReader, readBytes } from './request-bodies.ts';
import { traceContextOf } from './trace-context.ts';
import { checked } from './validation.ts';

/** What changes queues, topics and subscriptions as such, in the words of the audit log. */
export type ManagementAction = 'put' | 'patch' | 'delete' | 'purge' | 'seek' | 'redrive';

export type Method = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';

/** A request whose every part has been checked. */
export interface CheckedRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
  /** The header lines as they came: names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** The best of what the operation produces. */
  readonly accepted: string;
  /** Whose request it is, for what is not told by the path: names in the body, and what a list may show. */
  readonly principal: Principal;
  readonly call: Call;
  /** What the request holds at this gateway. */
  readonly share: Pick<RequestShare, 'holdWait'>;
}

/** What a handler answers with. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** A JSON text unless the headers say otherwise. */
  readonly payload?: string | Buffer;
  /** Writes the body itself, for as long as it takes, and ends it. Never rejects. */
  readonly stream?: (response: ServerResponse) => Promise<void>;
  /** Called when the client went away before the whole answer was written. */
  readonly undelivered?: () => void;
  /** `undelivered` undoes all that the request has done, so that it may be refused in the place of its answer. */
  readonly isRefusable?: boolean;
}

export interface OperationDefinition<Params extends z.ZodObject, Query extends z.ZodObject, Body> {
  readonly method: Method;
  /** As in OpenAPI: `/v1/queues/{queue}`. */
  readonly path: string;
  readonly id: string;
  readonly tag: string;
  /** What the audit log calls it; left out for what manages nothing. */
  readonly managementAction?: ManagementAction;
  readonly summary: string;
  readonly description: string;
  readonly access: Access<z.output<Params>>;
  readonly params: Params;
  readonly query: Query;
  /** Documentation only: handlers parse their headers themselves. */
  readonly headers?: z.ZodObject;
  readonly body: BodyReader<Body>;
  /**
   * False for what is answered under any load, and while the gateway is cut off from ZooKeeper: whether the process
   * runs, and what it is. Such an operation must cost next to nothing. All others are limited.
   */
  readonly isLimited?: false;
  readonly responses: ZodOpenApiResponsesObject;
  /** Beyond those that every operation can answer. */
  readonly problems: readonly ProblemCode[];
  /** The media types of a success, the default first; empty when there is nothing to choose. */
  readonly produces: readonly string[];
  handle(request: CheckedRequest<z.output<Params>, z.output<Query>, Body>): Answer | Promise<Answer>;
}

/** An operation without its types: what the table of contents consists of. */
export interface Operation
  extends Omit<OperationDefinition<z.ZodObject, z.ZodObject, never>, 'handle' | 'body'> {
  readonly body: Pick<BodyReader<unknown>, 'openapi'>;
  /** What has been asked of it. */
  readonly counts: RouteCounts;
  respond(
    request: FastifyRequest,
    reply: FastifyReply,
    load: EdgeLoad,
    authenticator: Authenticator,
  ): Promise<FastifyReply>;
}

/** Makes an operation of its definition. */
export function operation<Params extends z.ZodObject, Query extends z.ZodObject, Body>(
  definition: OperationDefinition<Params, Query, Body>,
): Operation {
  const { handle, body, ...documentation } = definition;
  const takesBody = definition.method !== 'GET';
  const isLimited = definition.isLimited ?? true;
  const counts = new RouteCounts(definition.method, definition.path);
  const queryOf = queryReader(definition.query);
  const { access } = definition;
  const answerTo: Operation['respond'] = async (request, reply, load, authenticator) => {
    const { raw } = request;
    const share = load.enter(reply, counts, isLimited);
    const connection = new ClientConnection(share, raw.headers);
    let principal: Principal;
    try {
      const admitted = authenticator.admit(request, access);
      // A key is known at once.
      principal = admitted instanceof Promise ? await admitted : admitted;
      share.belongTo(principal);
    } catch (error) {
      // Strangers take no room from others, however long the rest of their bodies may be in coming.
      share.giveRoom();
      throw error;
    }
    const params = checked(definition.params, request.params);
    requireAccess(access, principal, params);
    const accepted = acceptedType(raw.headers.accept, definition.produces);
    const query = queryOf(raw.url ?? '');
    // An empty body of unknown length may go without a type.
    if (takesBody && (raw.headers['content-length'] ?? '0') !== '0') {
      body.requireType?.(raw.headers['content-type']);
    }
    // A GET's body has no meaning (RFC 9110); Node reads over it.
    const bytes = takesBody ? await readBytes(raw, body.limitBytes(raw.headers), share) : NO_BYTES;
    const answer = await handle({
      params,
      query,
      body: body.read(bytes, raw.headers['content-type']),
      headers: raw.headers,
      rawHeaders: raw.rawHeaders,
      accepted,
      principal,
      call: connection,
      share,
    });
    holdAnswer(share, answer, !takesBody);
    connection.onUndelivered(answer.undelivered);
    if (answer.stream === undefined) return send(reply, answer);
    reply.raw.once(
      'close',
      authenticator.recheck(request, access, params, () => connection.end()),
    );
    return sendStream(reply, answer, answer.stream);
  };
  return {
    ...documentation,
    body,
    counts,
    async respond(request, reply, load, authenticator) {
      try {
        return await answerTo(request, reply, load, authenticator);
      } catch (error) {
        throw withAcceptedTypes(error, definition);
      }
    },
  };
}

const NO_BYTES = Buffer.alloc(0);

/** Checks the query of a URL. Most have none, and those are all alike. */
function queryReader<Query extends z.ZodObject>(schema: Query): (url: string) => z.output<Query> {
  const kinds = fieldKinds(schema);
  const none = schema.safeParse({});
  return (url) => (none.success && !url.includes('?') ? none.data : checked(schema, queryFields(url, kinds)));
}

function acceptedType(accept: string | undefined, produces: readonly string[]): string {
  const type = preferredType(accept, produces);
  if (type === undefined && produces.length > 0) {
    throw new Problem('not-acceptable', `This operation answers with ${produces.join(' or ')}.`);
  }
  return type ?? '';
}

/** Refused instead of sent, when its memory is not there and nothing is lost by it. */
function holdAnswer(share: RequestShare, answer: Answer, isReading: boolean): void {
  try {
    share.holdAnswer(answer.payload?.length ?? 0, isReading || answer.isRefusable === true);
  } catch (error) {
    answer.undelivered?.();
    throw error;
  }
}

/** Fastify's own way would look at what kind of payload it is, and for hooks that we do not have. */
function send(reply: FastifyReply, { status, headers, payload }: Answer): FastifyReply {
  const all = reply.hijack().getHeaders() as OutgoingHttpHeaders;
  if (payload !== undefined) {
    all['content-type'] = 'application/json; charset=utf-8';
    all['content-length'] = Buffer.byteLength(payload);
  } else if (status !== 204 && status !== 304) {
    all['content-length'] = 0;
  }
  reply.raw.writeHead(status, headers === undefined ? all : Object.assign(all, headers)).end(payload);
  return reply;
}

async function sendStream(
  reply: FastifyReply,
  answer: Answer,
  write: (response: ServerResponse) => Promise<void>,
): Promise<FastifyReply> {
  if (reply.request.method === 'HEAD') {
    answer.undelivered?.();
    return send(reply, answer);
  }
  reply.headers(answer.headers ?? {}).hijack();
  const response = reply.raw;
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) {
      response.setHeader(name, value);
    }
  }
  await write(response);
  return reply;
}

/** A JSON answer without hooks. */
export function json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Answer {
  return { status, payload: JSON.stringify(value), ...(headers === undefined ? {} : { headers }) };
}

/** The problem of a field that was given both in the body and in the query. */
export function givenTwice(name: string): Problem {
  return invalidField(name, 'is given in the body and in the query; send it once');
}

/** Whether the client is still there, for the broker and for what is to be undone when it is not. */
class ClientConnection implements Call, CallSignal {
  aborted = false;
  #listeners: Set<() => void> | undefined;
  #undelivered: (() => void) | undefined;

  readonly #headers: IncomingHttpHeaders;

  constructor(share: RequestShare, headers: IncomingHttpHeaders) {
    this.#headers = headers;
    share.onOver((isDelivered) => {
      if (!isDelivered) this.end();
    });
  }

  get signal(): CallSignal {
    return this;
  }

  get traceContext(): TraceContext | undefined {
    return traceContextOf(this.#headers);
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener);
  }

  /** Calls back when the client leaves, or at once when it has left. */
  onUndelivered(callback: (() => void) | undefined): void {
    if (this.aborted) {
      callback?.();
    } else {
      this.#undelivered = callback;
    }
  }

  /** As if the client had left. */
  end(): void {
    this.aborted = true;
    for (const listener of this.#listeners ?? []) listener();
    this.#undelivered?.();
  }
}
