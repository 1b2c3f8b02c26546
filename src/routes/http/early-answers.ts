/**
 * Answers to requests whose bodies have not come in whole. A refused client is told at once. The gateway then reads over
 * what the client still sends, up to a limit: closing the connection earlier would destroy the answer on its way. A
 * client that waits to be asked for its body (`Expect: 100-continue`) is asked only when the gateway is about to read it.
 */
import type {
  IncomingHttpHeaders,
  IncomingMessage,
  OutgoingHttpHeaders,
  Server,
  ServerResponse,
} from 'node:http';
import type { FastifyReply } from 'fastify';
import type { ErrorAnswer } from './error-answers.ts';

interface ReadOverLimits {
  readonly ms: number;
  readonly bytes: number;
}

/** More than any body that a route takes. */
const OF_THE_ADMITTED: ReadOverLimits = { ms: 10_000, bytes: 16 * 1024 * 1024 };
/** Of those who have not shown who they are, and of those who were not asked: little is enough to be polite. */
const OF_STRANGERS: ReadOverLimits = { ms: 1_000, bytes: 1024 * 1024 };

/** Responses whose clients wait to be asked for the body. */
const unasked = new WeakSet<ServerResponse>();

/** Lets requests with `Expect: 100-continue` be judged like all others before their bodies are asked for. */
export function judgeBeforeBodies(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    unasked.add(response);
    const { writeHead } = response;
    response.writeHead = ((...head: Parameters<typeof writeHead>) => {
      // The client may send its body all the same, or the next request: nobody could tell one from the other.
      if (unasked.has(response)) response.shouldKeepAlive = false;
      return writeHead.apply(response, head);
    }) as typeof writeHead;
    server.emit('request', request, response);
  });
}

/** The body is about to be read. */
export function askForBody(response: ServerResponse): void {
  if (unasked.delete(response)) response.writeContinue();
}

/** Whether a request has a body, by what its head says. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Whether some of the body has not come yet. */
export function isComing(request: IncomingMessage): boolean {
  return !request.complete && !request.destroyed && hasBody(request.headers);
}

/** Answers a request with an error while its body is still coming, or waits to be asked for. */
export function answerEarly(reply: FastifyReply, { status, headers, bytes }: ErrorAnswer): FastifyReply {
  const { raw: request, principal } = reply.request;
  const response = reply.raw;
  const isAdmitted = principal !== undefined && !unasked.has(response);
  const all = reply.code(status).headers(headers).hijack().getHeaders() as OutgoingHttpHeaders;
  response.writeHead(status, { ...all, 'content-length': bytes.length });
  // All of it is with the client then. Ended, Node would close the connection, or wait for the body for ever.
  if (request.method === 'HEAD') response.flushHeaders();
  else response.write(bytes);
  readOver(request, isAdmitted ? OF_THE_ADMITTED : OF_STRANGERS, (isRead) => {
    if (!isRead) response.once('finish', () => request.socket.destroy());
    response.end();
  });
  return reply;
}

/** Throws away what still comes, until its end or a limit; tells which it was. */
function readOver(
  request: IncomingMessage,
  { ms, bytes }: ReadOverLimits,
  done: (isRead: boolean) => void,
): void {
  let left = bytes;
  const end = (): void => {
    clearTimeout(timer);
    request.off('data', count).off('end', end).off('close', end);
    done(request.complete);
  };
  const count = ({ length }: Buffer): void => {
    left -= length;
    if (left < 0) end();
  };
  const timer = setTimeout(end, ms);
  request.on('data', count).once('end', end).once('close', end).resume();
}
