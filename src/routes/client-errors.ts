/**
 * Refusals of what is not even HTTP, or never becomes a request: written to the bare socket, in the same form as all
 * other problems.
 */
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { Problem, problemHeaders, problemKind, problemText } from './problems.ts';

/** Time for the client to read the refusal; destroying the socket at once would often destroy the answer with it. */
const LINGER_MS = 1000;

/** Answers a connection whose request could not be parsed, and closes it. */
export function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  // Bytes that follow the first mistake are reported again and again.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    if (!socket.writableEnded) {
      socket.destroy();
    }
    return;
  }
  const problem = connectionProblem(error.code);
  const { status } = problemKind(problem.code);
  const text = problemText(problem);
  const headers = Object.entries({
    ...problemHeaders(problem),
    'content-length': String(Buffer.byteLength(text)),
    'x-request-id': randomUUID(),
    'x-content-type-options': 'nosniff',
    connection: 'close',
  });
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${text}`);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
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
