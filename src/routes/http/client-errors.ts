/**
 * Refuses bytes that are not HTTP and never become a request. The refusal is written to the bare socket, as a problem:
 * no door is known yet.
 *
 * An answer under way goes first: it may say that a message has been stored, and bytes behind its request that make no
 * sense do not change that. It is written in full, then the connection ends.
 */
import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemAnswer } from './error-answers.ts';
import { Problem } from './problems.ts';
import { METHODS } from './unknown-routes.ts';

/** Time for the client to read the refusal; destroying the socket at once would often destroy the answer with it. */
const LINGER_MS = 1000;

/** Connections that have had their mistake: the bytes that follow it are reported again and again. */
const refused = new WeakSet<Socket>();

/**
 * Answers a connection whose request could not be parsed, and closes it.
 *
 * @param underWay the answers that its earlier requests still wait for, in their order. The request that could not be
 * parsed is the last of them when its body is at fault.
 */
export function refuseConnection(
  error: Error & { code?: string },
  socket: Socket,
  underWay: readonly ServerResponse[],
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    if (!socket.writableEnded) {
      socket.destroy();
    }
    return;
  }
  if (refused.has(socket)) return;
  refused.add(socket);
  const due = underWay.filter(({ req, headersSent }) => req.complete || headersSent);
  const last = due.at(-1);
  const isAnswered = last !== undefined && due.length === underWay.length;
  // Node then says so in the answer. Only in the last one: it would close the connection before those behind.
  if (isAnswered && !last.headersSent) last.shouldKeepAlive = false;
  behind(last, () => endWith(socket, isAnswered ? '' : refusalOf(connectionProblem(error.code))));
}

/** Answers a CONNECT, for which Node has no response, behind the answers under way, and closes its connection. */
export function refuseTunnel(socket: Socket, underWay: readonly ServerResponse[]): void {
  const headers = { allow: METHODS };
  const problem = new Problem('method-not-allowed', 'The gateway is no proxy.', { headers });
  behind(underWay.at(-1), () => endWith(socket, refusalOf(problem)));
}

/** Acts once the answer is written, or cannot be any more. */
function behind(answer: ServerResponse | undefined, act: () => void): void {
  if (answer === undefined || answer.writableFinished || answer.destroyed) act();
  else answer.once('close', act);
}

function endWith(socket: Socket, bytes: string): void {
  if (!socket.writable) return;
  socket.end(bytes);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

/** A whole answer of HTTP/1.1. */
function refusalOf(problem: Problem): string {
  const { status, headers, bytes } = problemAnswer(problem);
  const all = Object.entries({
    ...headers,
    'content-length': String(bytes.length),
    'x-request-id': randomUUID(),
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  const lines = all.map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${bytes}`;
}

function connectionProblem(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem(
        'headers-too-large',
        'The request line and the header fields together exceed 16 KiB.',
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new Problem('payload-too-large', 'The chunk extensions are too large.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem('validation', 'The request did not arrive in time.');
    default:
      return new Problem('validation', 'The bytes on this connection are not valid HTTP/1.1.');
  }
}
