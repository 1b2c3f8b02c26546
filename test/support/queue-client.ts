/**
 * One queue, or a topic with one of its subscriptions, at one gateway, as a client over real HTTP sees it, and how its requests can end in the terms of the
 * contract. Nothing is tried again behind the test's back.
 */
import { Agent, type ClientRequest, request as httpRequest } from 'node:http';

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
}

/**
 * done      2xx
 * refused   certainly nothing was changed: 429, 503, 507, or nobody listened
 * unknown   it may have taken effect: 504, the connection ended before the answer was there, or a load balancer
 *           found that the one to its gateway did (502)
 */
export type Ending<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'refused'; readonly problem?: Problem }
  | { readonly kind: 'unknown'; readonly problem?: Problem };

export interface Received {
  readonly id: string;
  readonly receipt: string;
  readonly body: unknown;
  readonly deliveries: number;
  readonly leaseExpiresAt: string;
  readonly fencingToken: string;
}

export interface Outcome {
  readonly receipt: string;
  readonly outcome: 'ok' | 'lost' | 'invalid';
}

export interface ReceiveAnswer {
  readonly messages: readonly Received[];
  readonly acked?: readonly Outcome[];
}

export interface ReceiveOptions {
  readonly max?: number;
  readonly waitSeconds?: number;
  readonly leaseSeconds?: number;
  readonly autoAck?: boolean;
  readonly ack?: readonly string[];
}

export interface QueueStats {
  readonly messages: number;
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
}

export type Verb = 'ack' | 'nack' | 'extend';

/** What messages are received from. */
export type Source = { readonly queue: string } | { readonly topic: string; readonly subscription: string };

const refusals = [429, 503, 507];

export class QueueClient {
  readonly gateway: string;
  readonly #source: Source;
  /** Of what messages are received from. */
  readonly path: string;
  readonly #agent: Agent;

  constructor(
    gateway: string,
    source: string | Source,
    agent = new Agent({ keepAlive: true, noDelay: true }),
  ) {
    this.gateway = gateway;
    this.#source = typeof source === 'string' ? { queue: source } : source;
    this.path =
      'queue' in this.#source
        ? `/v1/queues/${this.#source.queue}`
        : `/v1/topics/${this.#source.topic}/subscriptions/${this.#source.subscription}`;
    this.#agent = agent;
  }

  /** The same at another gateway, over connections of its own pool. */
  at(gateway: string): QueueClient {
    return new QueueClient(gateway, this.#source, this.#agent);
  }

  /** The same over connections of its own. */
  apart(): QueueClient {
    return new QueueClient(this.gateway, this.#source);
  }

  /** Creates the queue, or the topic and the subscription; `config` is that of what messages are received from. */
  async create(config: object = {}): Promise<void> {
    if ('topic' in this.#source) answerOf(await this.#send('PUT', `/v1/topics/${this.#source.topic}`, {}));
    answerOf(await this.#send('PUT', this.path, config));
  }

  /** Deletes the queue or the subscription. */
  async delete(): Promise<void> {
    answerOf(await this.#send('DELETE', this.path));
  }

  /** Publishes one message whose body is the JSON string `body`. */
  async publish(body: string): Promise<Ending<{ id: string }>> {
    const target = 'topic' in this.#source ? `/v1/topics/${this.#source.topic}` : this.path;
    const ending = await this.#send<{ messages: { id: string }[] }>('POST', `${target}/messages`, {
      messages: [{ body }],
    });
    if (ending.kind !== 'done') return ending;
    const [message] = ending.value.messages;
    if (message === undefined) throw new Error('a publish of one message was answered with none');
    return { kind: 'done', value: message };
  }

  receive(options: ReceiveOptions = {}): Promise<Ending<ReceiveAnswer>> {
    return this.#send('POST', `${this.path}/messages/receive`, options);
  }

  /** A receive that its client can walk away from: `leave` ends the connection. */
  poll(options: ReceiveOptions): { readonly ending: Promise<Ending<ReceiveAnswer>>; leave(): void } {
    const path = `${this.path}/messages/receive`;
    const { ending, request } = this.#start<ReceiveAnswer>('POST', path, options);
    return { ending, leave: () => request.destroy() };
  }

  async settle(verb: Verb, receipts: readonly string[], options: object = {}): Promise<Ending<Outcome[]>> {
    const ending = await this.#send<{ results: Outcome[] }>('POST', `${this.path}/messages/${verb}`, {
      receipts,
      ...options,
    });
    return ending.kind === 'done' ? { kind: 'done', value: ending.value.results } : ending;
  }

  async stats(): Promise<QueueStats> {
    return answerOf(await this.#send<{ stats: QueueStats }>('GET', this.path)).stats;
  }

  /** Undefined while the gateway cannot tell: it may still be cut off from an ensemble that is back. */
  async statsIfTold(): Promise<QueueStats | undefined> {
    const ending = await this.#send<{ stats: QueueStats }>('GET', this.path);
    return ending.kind === 'done' ? ending.value.stats : undefined;
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #send<Value>(method: string, path: string, body?: object): Promise<Ending<Value>> {
    return this.#start<Value>(method, path, body).ending;
  }

  #start<Value>(
    method: string,
    path: string,
    body?: object,
  ): { ending: Promise<Ending<Value>>; request: ClientRequest } {
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const { hostname, port } = new URL(this.gateway);
    const headers =
      payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': payload.length };
    const target = { hostname, port, method, path, headers, agent: this.#agent };
    const request = httpRequest(target);
    const ending = new Promise<Ending<Value>>((resolve, reject) => {
      const broken = (error: NodeJS.ErrnoException) =>
        resolve({ kind: error.code === 'ECONNREFUSED' ? 'refused' : 'unknown' });
      request.on('error', broken);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', broken);
        response.on('end', () => {
          try {
            resolve(endingOf(response.statusCode ?? 0, Buffer.concat(chunks).toString()));
          } catch (error) {
            reject(error);
          }
        });
      });
    });
    request.end(payload);
    return { ending, request };
  }
}

/** What a request that must succeed was answered with. */
export function answerOf<Value>(ending: Ending<Value>): Value {
  if (ending.kind === 'done') return ending.value;
  throw new Error(`the request was not answered as it should: ${JSON.stringify(ending)}`);
}

/** Throws for an answer that no client of the contract has to expect from a well-formed request, such as 500. */
function endingOf<Value>(status: number, text: string): Ending<Value> {
  if (status < 300) return { kind: 'done', value: (text === '' ? undefined : JSON.parse(text)) as Value };
  // A load balancer's own answers are pages for people.
  if (status === 502 || (status === 504 && !text.startsWith('{'))) return { kind: 'unknown' };
  const problem = JSON.parse(text) as Problem;
  if (status === 504) return { kind: 'unknown', problem };
  if (refusals.includes(status)) return { kind: 'refused', problem };
  throw new Error(`unexpected answer ${status}: ${text}`);
}
