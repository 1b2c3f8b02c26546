/**
 * One queue at one gateway, as a client over real HTTP sees it, and how its requests can end in the terms of the
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
 * unknown   it may have taken effect: 504, or the connection ended before the answer was there
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

const refusals = [429, 503, 507];

export class QueueClient {
  readonly gateway: string;
  readonly #path: string;
  readonly #agent: Agent;

  constructor(gateway: string, queue: string, agent = new Agent({ keepAlive: true, noDelay: true })) {
    this.gateway = gateway;
    this.#path = `/v1/queues/${queue}`;
    this.#agent = agent;
  }

  /** The same queue at another gateway, over connections of its own pool. */
  at(gateway: string): QueueClient {
    return new QueueClient(gateway, this.#path.slice('/v1/queues/'.length), this.#agent);
  }

  async create(config: object = {}): Promise<void> {
    answerOf(await this.#send('PUT', '', config));
  }

  /** Publishes one message whose body is the JSON string `body`. */
  async publish(body: string): Promise<Ending<{ id: string }>> {
    const ending = await this.#send<{ messages: { id: string }[] }>('POST', '/messages', {
      messages: [{ body }],
    });
    if (ending.kind !== 'done') return ending;
    const [message] = ending.value.messages;
    if (message === undefined) throw new Error('a publish of one message was answered with none');
    return { kind: 'done', value: message };
  }

  receive(options: ReceiveOptions = {}): Promise<Ending<ReceiveAnswer>> {
    return this.#send('POST', '/messages/receive', options);
  }

  /** A receive that its client can walk away from: `leave` ends the connection. */
  poll(options: ReceiveOptions): { readonly ending: Promise<Ending<ReceiveAnswer>>; leave(): void } {
    const { ending, request } = this.#start<ReceiveAnswer>('POST', '/messages/receive', options);
    return { ending, leave: () => request.destroy() };
  }

  async settle(verb: Verb, receipts: readonly string[], options: object = {}): Promise<Ending<Outcome[]>> {
    const ending = await this.#send<{ results: Outcome[] }>('POST', `/messages/${verb}`, {
      receipts,
      ...options,
    });
    return ending.kind === 'done' ? { kind: 'done', value: ending.value.results } : ending;
  }

  async stats(): Promise<QueueStats> {
    return answerOf(await this.#send<{ stats: QueueStats }>('GET', '')).stats;
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
    const target = { hostname, port, method, path: this.#path + path, headers, agent: this.#agent };
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
  const problem = JSON.parse(text) as Problem;
  if (status === 504) return { kind: 'unknown', problem };
  if (refusals.includes(status)) return { kind: 'refused', problem };
  throw new Error(`unexpected answer ${status}: ${text}`);
}
