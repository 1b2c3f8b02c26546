/** Logs each request, at the log levels at which somebody wants to see them. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { remoteAddressOf } from './remote-address.ts';

/** At these a line is written of each request. */
const LEVELS_WITH_REQUESTS: ReadonlySet<string> = new Set(['info', 'debug', 'trace']);

/** Has a line written of each request that comes, once it is answered. */
export function logRequests(app: FastifyInstance, log: FastifyBaseLogger): void {
  // A log that nobody reads would be most of what a request costs.
  if (!LEVELS_WITH_REQUESTS.has(log.level)) return;
  app.addHook('onRequest', (request, reply, done) => {
    const startMs = performance.now();
    const remoteAddress = remoteAddressOf(request);
    reply.raw.once('finish', () => {
      const line = {
        reqId: request.id,
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        statusCode: reply.statusCode,
        principal: request.principal?.name,
        remoteAddress,
        durationMs: Math.round((performance.now() - startMs) * 10) / 10,
      };
      log.info(line, 'request');
    });
    done();
  });
}
