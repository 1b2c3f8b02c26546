/**
 * All that clients do to the cluster meanwhile: a queue, a topic with two subscriptions, and a pipeline of
 * transactions; most of it through nginx, some at the gateways themselves. In the end it judges what they were told.
 */
import { History } from '../test/support/history.ts';
import { violations } from '../test/support/history-checker.ts';
import { Load } from '../test/support/load.ts';
import { QueueClient, type Source } from '../test/support/queue-client.ts';
import { call, drain, TransactionPipeline } from '../test/support/transaction-pipeline.ts';
import { waitUntil } from '../test/support/wait-until.ts';
import type { Cluster } from './cluster.ts';
import { onceEach } from './exactly-once.ts';
import { Tally } from './tally.ts';
import { ValueFeed } from './value-feed.ts';

const leaseSeconds = 3;
const pauseMs = 40;
const pipelineWorkers = 2;
/** What has piled up in the outages goes slowly where other programs are at work. */
const drainLimitMs = 600_000;
/** Longer than an outage: a value is sent again until it is known to be there. */
const dedupWindowSeconds = 60;

const queue: Source = { queue: 'orders' };
const subscriptions: readonly Source[] = ['billing', 'shipping'].map((subscription) => {
  return { topic: 'events', subscription };
});

export class Workload {
  readonly tally: Tally;
  readonly #cluster: Cluster;
  readonly #loads: readonly Load[];
  readonly #pipeline: TransactionPipeline;
  readonly #feed: ValueFeed;
  #working: Promise<unknown> = Promise.resolve();
  #feeding: Promise<unknown> = Promise.resolve();
  #failure: unknown;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.tally = new Tally(cluster.nginx.url);
    const second = new History();
    const first = new History([second]);
    this.#loads = [
      this.#load(queue, new History(), 4, 4),
      ...subscriptions.map((source, index) =>
        this.#load(source, index === 0 ? first : second, index === 0 ? 2 : 0, 2),
      ),
    ];
    const pick = (tried?: string) => this.#anyUrl(tried);
    this.#pipeline = new TransactionPipeline({
      from: 'pipeline-in',
      to: 'pipeline-out',
      leaseSeconds,
      impatient: 0.1,
      pick,
    });
    this.#feed = new ValueFeed('pipeline-in', pick);
  }

  /** Paths of everything that it has created. */
  get resources(): readonly string[] {
    return ['queues/orders', 'topics/events', 'queues/pipeline-in', 'queues/pipeline-out'];
  }

  async start(): Promise<void> {
    const { url } = this.#cluster.nginx;
    for (const source of [queue, ...subscriptions]) await new QueueClient(url, source).create();
    await call('PUT', `${url}/v1/queues/pipeline-in`, { dedupWindowSeconds });
    await call('PUT', `${url}/v1/queues/pipeline-out`);
    for (const load of this.#loads) load.start();
    const workers = Array.from({ length: pipelineWorkers }, () => this.#pipeline.work());
    const noteFailure = (error: unknown) => {
      this.#failure ??= error;
    };
    this.#feeding = this.#feed.work().catch(noteFailure);
    this.#working = Promise.all([this.#feeding, ...workers]).catch(noteFailure);
  }

  /**
   * Waits until everything is where it belongs, and returns what should not have happened, in sentences. The cluster
   * has to be well.
   */
  async finish(): Promise<string[]> {
    const found: string[] = [];
    for (const load of this.#loads) {
      await load.finish(drainLimitMs).catch((error: Error) => found.push(error.message));
    }
    found.push(...(await this.#finishPipeline().catch((error: Error) => [error.message])));
    for (const { history } of this.#loads) found.push(...violations(history));
    return found;
  }

  /** Ends it without waiting for anything to be finished. */
  async abandon(): Promise<void> {
    this.#feed.finish();
    this.#pipeline.finish();
    await Promise.all(this.#loads.map((load) => load.stop()));
    await this.#working;
  }

  summary(): Record<string, unknown> {
    const [orders, billing, shipping] = this.#loads.map(({ history }) => history.summary());
    return {
      orders,
      billing,
      shipping,
      pipeline: { values: this.#feed.values.length, ...this.#pipeline.tally },
    };
  }

  async #finishPipeline(): Promise<string[]> {
    const { url } = this.#cluster.nginx;
    this.#feed.finish();
    await this.#feeding;
    const isMoved = async () => {
      if (this.#failure !== undefined) throw this.#failure;
      const answer = await call('GET', `${url}/v1/queues/pipeline-in`);
      return (answer as { stats: { messages: number } }).stats.messages === 0;
    };
    try {
      await waitUntil(isMoved, 'everything has left the first queue of the pipeline', drainLimitMs);
    } finally {
      this.#pipeline.finish();
      await this.#working;
    }
    const arrived = (await drain(`${url}/v1/queues/pipeline-out`)) as { from: string }[];
    return onceEach(
      this.#feed.values,
      arrived.map(({ from }) => from),
    );
  }

  #load(source: Source, history: History, producers: number, consumers: number): Load {
    const { nginx, gateways } = this.#cluster;
    const urls = [nginx.url, ...gateways.flatMap(({ url }) => [nginx.url, url])];
    return new Load({
      // The last one is asked for the statistics.
      clients: [...urls, nginx.url].map((url) => new QueueClient(url, source)),
      producers,
      consumers,
      leaseSeconds,
      pauseMs,
      mischief: 0.05,
      history,
      observe: this.tally.observe,
    });
  }

  /** nginx half of the time, or else one of the gateways; not the one just tried. */
  #anyUrl(tried?: string): string {
    const { nginx, gateways } = this.#cluster;
    const urls = [nginx.url, nginx.url, nginx.url, ...gateways.map(({ url }) => url)];
    const others = urls.filter((url) => url !== tried);
    return others[Math.floor(Math.random() * others.length)] ?? nginx.url;
  }
}
