/**
 * What the tests of the contract speak through: two gateways on one ensemble, and every request sent to one of them
 * at random. Answers that are not the expected success fail the test.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { type RandomGateway, startTestGateways, type TestGateways } from './http-app.ts';

/** A message as it comes out of a receive or a peek. */
export interface Message {
  readonly id: string;
  readonly receipt: string;
  readonly body?: unknown;
  readonly bodyBase64?: string;
  readonly contentType: string;
  readonly attributes: Record<string, string>;
  readonly priority: number;
  readonly group?: string;
  readonly publishedAt: string;
  readonly deliveries: number;
  readonly leaseExpiresAt: string;
  readonly fencingToken: string;
  readonly state?: string;
  readonly deadLetter?: {
    readonly source: object;
    readonly reason: string;
    readonly detail?: string;
    readonly deliveries: number;
    readonly at: string;
  };
}

export interface Stats {
  readonly messages: number;
  readonly ready: number;
  readonly leased: number;
  readonly delayed: number;
  readonly bytes: number;
  readonly oldestMessageAgeSeconds: number | null;
}

export type Verb = 'ack' | 'nack' | 'extend' | 'reject';

/** Longest that a condition may take to come about. */
export const patient = { timeout: 20_000, interval: 50 } as const;

/** Something at a path of the API that messages are published to: a queue or a topic. */
export class Place {
  readonly api: RandomGateway;
  readonly path: string;
  readonly name: string;

  constructor(api: RandomGateway, path: string) {
    this.api = api;
    this.path = path;
    this.name = path.slice(path.lastIndexOf('/') + 1);
  }

  async config(): Promise<Record<string, unknown>> {
    return (await this.api.get(this.path).expect(200)).body.config;
  }

  async stats(): Promise<Stats> {
    return (await this.api.get(this.path).expect(200)).body.stats;
  }

  /** Changes options of the configuration. */
  async change(config: object): Promise<void> {
    await this.api.patch(this.path).send(config).expect(200);
  }

  /** Publishes and answers the ids. */
  async publish(...messages: object[]): Promise<string[]> {
    const answer = await this.tryPublish(...messages).expect(201);
    return answer.body.messages.map(({ id }: { id: string }) => id);
  }

  /** Publishes messages with these bodies, in one request. */
  publishBodies(...bodies: unknown[]): Promise<string[]> {
    return this.publish(...bodies.map((body) => ({ body })));
  }

  /** The request, for the test to say what it is answered with. */
  tryPublish(...messages: object[]) {
    return this.api.post(`${this.publishPath}/messages`).send({ messages });
  }

  async peek(query = ''): Promise<Message[]> {
    return (await this.api.get(`${this.path}/messages${query}`).expect(200)).body.messages;
  }

  protected get publishPath(): string {
    return this.path;
  }
}

/** A queue, or a subscription together with its topic: something to receive from. */
export class Source extends Place {
  /** How dead letters and transactions name it. */
  readonly ref: { queue: string } | { topic: string; subscription: string };
  /** How transactions name what is published to. */
  readonly target: { queue: string } | { topic: string };
  /** The path of the topic that a subscription belongs to. */
  readonly topicPath: string;

  constructor(api: RandomGateway, path: string) {
    super(api, path);
    const [, , kind, name = ''] = path.split('/');
    this.topicPath = path.split('/').slice(0, 4).join('/');
    this.target = kind === 'queues' ? { queue: name } : { topic: name };
    this.ref = kind === 'queues' ? { queue: name } : { topic: name, subscription: this.name };
  }

  async receive(options: object = {}): Promise<Message[]> {
    return (await this.api.post(`${this.path}/messages/receive`).send(options).expect(200)).body.messages;
  }

  /** The next message that there is or will be. */
  async receiveOne(options: object = {}): Promise<Message> {
    const [message] = await this.receive({ waitSeconds: 20, ...options });
    if (message === undefined) {
      throw new Error(`there is nothing to receive from ${this.path}`);
    }
    return message;
  }

  /** The bodies of everything that is ready, which is gone then. */
  async drain(): Promise<unknown[]> {
    const bodies: unknown[] = [];
    for (;;) {
      const messages = await this.receive({ max: 1000, autoAck: true });
      if (messages.length === 0) {
        return bodies;
      }
      bodies.push(...messages.map(({ body }) => body));
    }
  }

  async settle(verb: Verb, receipts: readonly string[], options: object = {}): Promise<string[]> {
    const answer = await this.api
      .post(`${this.path}/messages/${verb}`)
      .send({ receipts, ...options })
      .expect(200);
    const results: { receipt: string; outcome: string }[] = answer.body.results;
    expect(results.map(({ receipt }) => receipt)).toEqual(receipts);
    return results.map(({ outcome }) => outcome);
  }

  async outcome(verb: Verb, { receipt }: { receipt: string }, options: object = {}): Promise<string> {
    const [outcome = 'none'] = await this.settle(verb, [receipt], options);
    return outcome;
  }

  async purge(): Promise<void> {
    await this.api.post(`${this.path}/purge`).expect(204);
  }

  protected override get publishPath(): string {
    return this.topicPath;
  }
}

/** Both kinds of sources, for what the contract says of either. */
export const SOURCES = ['queue', 'subscription'] as const;

/** Options that are not of a subscription but of its topic. */
const TOPIC_OPTIONS = new Set([
  'retentionSeconds',
  'retentionBytes',
  'messageTtlSeconds',
  'maxMessages',
  'maxBytes',
  'delaySeconds',
  'priorities',
  'dedupWindowSeconds',
]);

export interface Contract {
  readonly gateways: TestGateways;
  readonly api: RandomGateway;
  /** A name that nothing has yet. */
  name(): string;
  queue(config?: object): Promise<Source>;
  topic(config?: object): Promise<Place>;
  subscription(topic: Place, config?: object): Promise<Source>;
  /** A queue, or a subscription of a topic of its own, with these options wherever they belong. */
  source(kind: (typeof SOURCES)[number], config?: object): Promise<Source>;
}

/** Registers the hooks; what it returns may be used inside tests. */
export function useContract(): Contract {
  let started: TestGateways | undefined;
  beforeAll(async () => {
    started = await startTestGateways(2);
  });
  afterAll(() => started?.stop());

  async function created<Made>(path: string, config: object, make: (path: string) => Made): Promise<Made> {
    await contract.api.put(path).send(config).expect(201);
    return make(path);
  }
  const contract: Contract = {
    get gateways() {
      if (started === undefined) {
        throw new Error('the gateways are started before the tests');
      }
      return started;
    },
    get api() {
      return contract.gateways.randomGateway;
    },
    name: () => `t-${randomUUID()}`,
    queue: (config = {}) =>
      created(`/v1/queues/${contract.name()}`, config, (path) => new Source(contract.api, path)),
    topic: (config = {}) =>
      created(`/v1/topics/${contract.name()}`, config, (path) => new Place(contract.api, path)),
    subscription: (topic, config = {}) =>
      created(
        `${topic.path}/subscriptions/${contract.name()}`,
        config,
        (path) => new Source(contract.api, path),
      ),
    async source(kind, config = {}) {
      if (kind === 'queue') {
        return contract.queue(config);
      }
      const options = Object.entries(config);
      const ofTopic = options.filter(([option]) => TOPIC_OPTIONS.has(option));
      const ofSubscription = options.filter(([option]) => !TOPIC_OPTIONS.has(option));
      const topic = await contract.topic(Object.fromEntries(ofTopic));
      return contract.subscription(topic, Object.fromEntries(ofSubscription));
    },
  };
  return contract;
}
