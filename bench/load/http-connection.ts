/**
 * One connection to an HTTP server that is kept open, with one request on it at a time. It costs the load generator
 * a good part less of the processors that it shares with the servers than a general client does.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type HttpAnswer, HttpAnswerReader } from './http-answer.ts';

interface Waiting {
  resolve(answer: HttpAnswer): void;
  reject(error: Error): void;
}

export class HttpConnection {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #reader = new HttpAnswerReader();
  #waiting: Waiting | undefined;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** @param url of the server, such as `http://127.0.0.1:8080` */
  static async open(url: string): Promise<HttpConnection> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new HttpConnection(socket, host);
  }

  /**
   * @param headers lines, each with its end
   * @throws Error when the connection breaks
   */
  request(method: string, path: string, headers = '', body = ''): Promise<HttpAnswer> {
    if (this.#waiting !== undefined) throw new Error('the connection has a request already');
    const length = Buffer.byteLength(body);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(
        `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n${headers}Content-Length: ${length}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #onData(bytes: Buffer): void {
    try {
      const answer = this.#reader.add(bytes);
      if (answer === undefined) return;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(answer);
    } catch (error) {
      this.#fail(error as Error);
      this.#socket.destroy();
    }
  }

  #fail(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/** @throws Error showing the answer, when its status is another */
export function expectStatus(answer: HttpAnswer, ...statuses: readonly number[]): string {
  if (!statuses.includes(answer.status))
    throw new Error(`answered with ${answer.status}: ${answer.body.slice(0, 300)}`);
  return answer.body;
}
