/**
 * HTTP without a client library in between, which would mend what the tests want to send broken, and reorder what
 * they want to see byte for byte.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { credentialsFor } from './credentials.ts';
import { documentedAnswers } from './documented-answers.ts';

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string | Buffer;
  /** Leaves once the answer has begun, when it is a success: for what has no end. */
  readonly headersOnly?: boolean;
}

const checkAnswer = documentedAnswers();

/**
 * Sends a request to `path` exactly as it is written, with the credentials that the gateway
 * needs. The answer must be as the OpenAPI document describes it.
 */
export function send(
  url: string,
  path: string,
  { method = 'POST', headers = {}, body, headersOnly = false }: RawRequest = {},
) {
  return new Promise<RawAnswer>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const sent = { ...credentialsFor(url), ...headers };
    const request = httpRequest({ hostname, port, path, method, headers: sent, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      const finish = (): void => {
        const bytes = Buffer.concat(chunks);
        const answer = {
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: bytes.toString(),
        };
        try {
          checkAnswer({ method, path, ...answer });
          resolve({ ...answer, body: bytes });
        } catch (error) {
          reject(error);
        }
      };
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', finish);
      if (headersOnly && response.statusCode === 200) {
        finish();
        request.destroy();
      }
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Publishes a JSON text as it is written. */
export function publishJson(url: string, queue: string, json: string | Buffer): Promise<RawAnswer> {
  return send(url, `${queue}/messages`, { headers: { 'content-type': 'application/json' }, body: json });
}

/** Writes bytes to a connection of their own; answers everything that comes back until it is closed. */
export function exchange(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = openSocket(url);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(received));
    socket.write(bytes);
  });
}

/** A bare connection. */
export function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}
