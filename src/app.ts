/**
 * Composes the HTTP application from a broker, a logger and limits. Never listens, and reads no environment.
 *
 * Guarantees: every answer has an X-Request-Id; every error has the form that its door gives it, and is otherwise a
 * problem, those of Fastify and Node included; bodies, receipts and credentials are never logged (a request is logged with its route's pattern).
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import swagger from '@fastify/swagger';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyReply } from 'fastify';
import { type AuditLog, auditEntry } from './audit/audit-log.ts';
import { createLogger } from './logging.ts';
import type { HttpVitals } from './metrics/index.ts';
import type { Broker } from './queue/index.ts';
import { type AccessRules, Authenticator, LOOPBACK_RULES } from './routes/http/authenticator.ts';
import { refuseConnection, refuseTunnel } from './routes/http/client-errors.ts';
import { answerEarly, isComing, judgeBeforeBodies } from './routes/http/early-answers.ts';
import { EDGE_LIMITS, type EdgeLimits, EdgeLoad } from './routes/http/edge-load.ts';
import { problemAnswer, sendError } from './routes/http/error-answers.ts';
import { STREAM_LIMITS, type StreamLimits } from './routes/http/event-stream.ts';
import { HttpCounts } from './routes/http/http-counts.ts';
import { invalidField, Problem, problemOf } from './routes/http/problems.ts';
import { headProblem, lacksName, pathOfTarget } from './routes/http/request-heads.ts';
import { pageAnswer, type StaticPage } from './routes/http/static-pages.ts';
import { knownPaths, unhandled } from './routes/http/unknown-routes.ts';
import { apiOf, DOORS, type Door, type Route } from './routes/index.ts';
import { CLOSING_LIMITS, type ClosingLimits, Connections } from './server/connections.ts';
import { remoteAddressOf } from './server/remote-address.ts';
import { logRequests } from './server/request-log.ts';
import { STRICT_TRANSPORT_SECURITY, secureOptions, type TlsIdentity } from './server/tls.ts';
import { readVersion, type Version } from './version.ts';

export interface AppOptions {
  readonly broker: Broker;
  readonly logger?: FastifyBaseLogger;
  /** The largest message, body and attributes together. */
  readonly maxMessageBytes?: number;
  readonly streaming?: StreamLimits;
  /** What is left out is not limited. */
  readonly load?: Partial<EdgeLimits>;
  readonly patience?: Patience;
  readonly closing?: ClosingLimits;
  /** Who may do what; everybody everything when left out, as on a loopback address. */
  readonly access?: AccessRules;
  /** Plain HTTP when left out. */
  readonly tls?: TlsIdentity;
  /** Makes what GET /metrics answers with from what the application counts. Left out: it answers with nothing. */
  readonly metrics?: (http: HttpVitals) => () => Promise<string>;
  /** Read from its files when left out. */
  readonly version?: Version;
  /** Addresses, and ranges of them, of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  /** The protocols that clients may use; those of the table when left out. */
  readonly doors?: readonly Door[];
  /** Told of each attempt to manage a queue, a topic or a subscription. */
  readonly audit?: Pick<AuditLog, 'note'>;
}

/** How long a client may take. */
export interface Patience {
  /** For a request to arrive in full. It does not count the time of the answer. */
  readonly requestMs: number;
  readonly headersMs: number;
  /** Between two looks for those who take longer. */
  readonly checkMs: number;
}

export const PATIENCE: Patience = { requestMs: 60_000, headersMs: 15_000, checkMs: 5_000 };

export const MAX_MESSAGE_BYTES_DEFAULT = 256 * 1024;

/** The request line and the header fields. */
export const HEADER_BYTES_MAX = 16 * 1024;
/** Longer than nginx keeps its upstream connections (60 s), so that it is always nginx that closes. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;
/** Of silence on a connection: a poll of 50 s must survive it. */
const CONNECTION_TIMEOUT_MS = 120_000;
/** Beyond every legal receipt, so that those that are too long meet our schema and not the router's limit. */
const PARAM_CHARS_MAX = 4096;

const REQUEST_ID = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** The application, ready to be listened on or injected into. */
export function buildApp(options: AppOptions): FastifyInstance {
  const { broker, logger = createLogger('silent'), maxMessageBytes = MAX_MESSAGE_BYTES_DEFAULT } = options;
  const { patience = PATIENCE } = options;
  const authenticator = new Authenticator(options.access ?? LOOPBACK_RULES, () => performance.now());
  const load = new EdgeLoad({ ...EDGE_LIMITS, ...options.load }, () => broker.isCutOff);
  const counts = new HttpCounts();
  const metricsText = options.metrics?.({ counts, load }) ?? (async () => '');
  const closing = new AbortController();
  const httpLimits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    headersTimeout: patience.headersMs,
    connectionsCheckingInterval: patience.checkMs,
    // Our own answer replaces Node's, which has no body.
    requireHostHeader: false,
  };
  // Fastify gets no logger: it would follow every request at a cost, and all that it has to tell comes to us as errors.
  const app = Fastify({
    http: httpLimits,
    ...(options.tls === undefined ? {} : { https: { ...httpLimits, ...secureOptions(options.tls) } }),
    // For the address of the client, and for nothing else of what proxies tell.
    trustProxy: [...(options.trustedProxies ?? [])],
    requestTimeout: patience.requestMs,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    // While closing, what still arrives on open connections gets the broker's own answer.
    return503OnClosing: false,
    genReqId: requestId,
    rewriteUrl: ({ url = '' }) => pathOfTarget(url),
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, connections.underWay(socket)),
    frameworkErrors: (error, request, reply) => {
      // Hooks do not run for what the router itself refuses.
      reply.headers(headersOfEveryAnswer(request.id));
      sendError(reply as FastifyReply, problemAnswer(problemOf(error)));
    },
    // Operations parse their queries themselves, strictly.
    routerOptions: { maxParamLength: PARAM_CHARS_MAX, querystringParser: () => ({}) },
  });
  const context = {
    broker,
    limits: { maxMessageBytes },
    log: logger,
    streaming: options.streaming ?? STREAM_LIMITS,
    load,
    metricsText,
    version: options.version ?? readVersion(),
    closing: closing.signal,
  };
  const { doors = DOORS } = options;
  const { routes, documentText } = apiOf(context, doors);
  const operations = routes.map(({ operation }) => operation);
  for (const operation of operations) counts.follow(operation.counts);
  const connections = new Connections(app.server, options.closing ?? CLOSING_LIMITS);
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) =>
    refuseTunnel(socket, connections.underWay(socket)),
  );
  app.addHook('preClose', async () => {
    // Streams have no end of their own; this would wait for them for ever.
    closing.abort();
    await connections.close();
  });
  answerErrors(app, logger, counts);
  logRequests(app, logger);
  app.decorateRequest('principal', undefined);
  if (options.tls !== undefined) requireTlsOfBrowsers(app);
  const pages = new Map(doors.flatMap((door) => [...(door.pages?.() ?? [])]));
  prepareRequests(app, knownPaths(operations, pages.keys()), counts);

  // Operations read their bodies themselves, after everything that can be refused without: nobody else is to.
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
    app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  for (const route of routes) {
    const { method, path, respond: answer } = route.operation;
    const respond = options.audit === undefined ? answer : audited(route, options.audit);
    app.route({
      method,
      url: path.replaceAll(/\{([^}]+)\}/g, ':$1'),
      config: { writeError: route.writeError },
      handler: (request, reply) => respond(request, reply, load, authenticator),
    });
  }
  // Whoever embeds the application, and plugins, look for the document here.
  app.register(swagger, { mode: 'static', specification: { document: JSON.parse(documentText) } });
  servePages(app, pages);
  return app;
}

/** The operation, of which the audit log is told when it manages something. */
function audited(
  { operation: { managementAction: action, respond }, writeError }: Route,
  audit: Pick<AuditLog, 'note'>,
): Route['operation']['respond'] {
  if (action === undefined) return respond;
  return async (...parameters) => {
    const [request, reply] = parameters;
    const remoteAddress = remoteAddressOf(request);
    const asked = { id: request.id, params: request.params, remoteAddress };
    try {
      const answered = await respond(...parameters);
      audit.note(auditEntry(action, { ...asked, principal: request.principal }, reply.statusCode, 'ok'));
      return answered;
    } catch (error) {
      const problem = problemOf(error);
      const { status } = writeError(problem, request);
      audit.note(auditEntry(action, { ...asked, principal: request.principal }, status, problem.code));
      throw error;
    }
  };
}

function requestId(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

function headersOfEveryAnswer(id: string): Record<string, string> {
  return { 'x-request-id': id, 'x-content-type-options': 'nosniff' };
}

/** Over plain HTTP it would mean nothing. */
function requireTlsOfBrowsers(app: FastifyInstance): void {
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('strict-transport-security', STRICT_TRANSPORT_SECURITY);
    done();
  });
}

function answerErrors(app: FastifyInstance, log: FastifyBaseLogger, counts: HttpCounts): void {
  app.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    counts.noteProblem(problem.code);
    const { writeError = problemAnswer } = request.routeOptions.config;
    const answer = writeError(problem, request);
    const line = { reqId: request.id, method: request.method, route: request.routeOptions.url };
    if (answer.status >= 500) {
      log.warn({ ...line, statusCode: answer.status, code: problem.code }, 'request failed');
    }
    // To a client that has left nothing is owed, and an aborted verb is no defect.
    if (problem.code === 'internal' && !reply.raw.destroyed) {
      log.error({ err: error, ...line }, 'defect');
    }
    return isComing(request.raw) ? answerEarly(reply, answer) : sendError(reply, answer);
  });
  judgeBeforeBodies(app.server);
  // Within a known route, such as a file of the docs that does not exist.
  app.setNotFoundHandler(() => {
    throw new Problem('not-found', 'This path is unknown.');
  });
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const refusal = problemAnswer(invalidField('Expect', 'must be 100-continue or left out'));
    const headers = {
      ...headersOfEveryAnswer(requestId(request)),
      ...refusal.headers,
      'content-length': refusal.bytes.length,
    };
    response.writeHead(refusal.status, headers).end(refusal.bytes);
  });
}

function prepareRequests(
  app: FastifyInstance,
  paths: ReturnType<typeof knownPaths>,
  counts: HttpCounts,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersOfEveryAnswer(request.id));
    const wrong = headProblem(request.raw);
    if (wrong !== undefined) throw wrong;
    if (request.is404 || lacksName(request.params as Record<string, string>)) {
      const startMs = performance.now();
      reply.raw.once('finish', () => counts.unknown.note(reply.statusCode, performance.now() - startMs));
      const { status, headers = {} } = unhandled(paths, request.method, request.url);
      reply.code(status).headers(headers).send();
      return;
    }
    reply.header('cache-control', 'no-store');
    done();
  });
}

/** Pages for people: the documentation, and what other doors have of the kind. */
function servePages(app: FastifyInstance, pages: ReadonlyMap<string, StaticPage>): void {
  for (const [url, page] of pages) {
    app.get(url, (request, reply) => {
      const { status, headers, bytes } = pageAnswer(page, request.headers);
      return reply.code(status).headers(headers).send(bytes);
    });
  }
}
