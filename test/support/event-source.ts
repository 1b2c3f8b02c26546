/** A client of Server-Sent Events that shows what came over the wire, and can be told to stop reading. */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { credentialsFor } from './credentials.ts';
import { documentedAnswers } from './documented-answers.ts';
import { patienceMs } from './test-store.ts';

const checkAnswer = documentedAnswers();

export interface StreamedEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

export class EventSource {
  readonly response: IncomingMessage;
  readonly #request: ClientRequest;
  readonly #events: StreamedEvent[] = [];
  readonly #changed = new Set<() => void>();
  #unparsed = '';
  #text = '';
  #ended = false;

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      this.#text += chunk;
      this.#unparsed += chunk;
      this.#parse();
      this.#notify();
    });
    response.on('error', () => {});
    response.on('close', () => {
      this.#ended = true;
      this.#notify();
    });
  }

  /** Resolves once the answer has begun, whatever its status. A stream must be as the OpenAPI document describes it. */
  static open(url: string, path: string, headers: Record<string, string> = {}): Promise<EventSource> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(url);
      const sent = { ...credentialsFor(url), ...headers };
      const request = httpRequest({ hostname, port, path, headers: sent, agent: false });
      request.on('error', reject);
      request.on('response', (response) => {
        const { statusCode: status = 0 } = response;
        try {
          if (status === 200)
            checkAnswer({ method: 'GET', path, status, headers: response.headers, text: '' });
          resolve(new EventSource(request, response));
        } catch (error) {
          request.destroy();
          reject(error);
        }
      });
      request.end();
    });
  }

  /** Everything that came, as it came. */
  get text(): string {
    return this.#text;
  }

  /** Waits for the next event. */
  async next(): Promise<StreamedEvent> {
    await this.until(() => this.#events.length > 0, 'there is an event');
    return this.#events.shift() ?? { event: '', id: undefined, data: '' };
  }

  /** The bodies of the next events, as JSON. */
  async bodies(count: number): Promise<unknown[]> {
    const bodies: unknown[] = [];
    while (bodies.length < count) {
      bodies.push(JSON.parse((await this.next()).data).body);
    }
    return bodies;
  }

  /** Waits for the end of the stream. */
  ended(): Promise<void> {
    return this.until(() => this.#ended, 'the stream has ended');
  }

  /** Waits for something that is true of the text. */
  async until(condition: () => boolean, what: string): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer);
        this.#changed.delete(check);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`it never came about that ${what}; so far: ${this.#text.slice(-500)}`));
      }, patienceMs);
      const check = () => {
        if (condition()) {
          stop();
          resolve();
        } else if (this.#ended) {
          stop();
          reject(new Error(`the stream ended before ${what}: ${this.#text.slice(-500)}`));
        }
      };
      this.#changed.add(check);
    });
  }

  close(): void {
    this.#request.destroy();
  }

  #notify(): void {
    for (const check of [...this.#changed]) check();
  }

  /** The grammar of the HTML standard: blocks of fields, ended by an empty line. */
  #parse(): void {
    for (let end = this.#unparsed.indexOf('\n\n'); end >= 0; end = this.#unparsed.indexOf('\n\n')) {
      const fields = this.#unparsed.slice(0, end).split('\n');
      this.#unparsed = this.#unparsed.slice(end + 2);
      const valuesOf = (name: string) =>
        fields
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
      const data = valuesOf('data');
      if (data.length > 0) {
        const event = valuesOf('event').at(-1) ?? 'message';
        this.#events.push({ event, id: valuesOf('id').at(-1), data: data.join('\n') });
      }
    }
  }
}
