/**
 * Asks all the time, to see for how long nobody is served: a publish through nginx every 20 ms, one at the gateways
 * themselves in turn every 40 ms, and a receive through nginx now and then. Each is given up after a second; the next
 * one does not wait for it.
 */
import { Agent, request } from 'node:http';
import type { ProbeSample } from './unavailability.ts';

const tickMs = 20;
const timeoutMs = 1_000;
const ticksPerDirectPublish = 2;
const ticksPerReceive = 5;
const queue = 'probe';

export class Probe {
  readonly samples: ProbeSample[] = [];
  readonly #nginx: string;
  readonly #gateways: readonly string[];
  readonly #agent = new Agent({ keepAlive: true, noDelay: true });
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;

  constructor(nginx: string, gateways: readonly string[]) {
    this.#nginx = nginx;
    this.#gateways = gateways;
  }

  /** Its queue, whose messages matter to nobody. */
  get queueUrl(): string {
    return `${this.#nginx}/v1/queues/${queue}`;
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), tickMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#underWay);
    this.#agent.destroy();
  }

  #tick(): void {
    this.#ticks += 1;
    this.#keep(this.#ask(this.#nginx, 'nginx', 'publish'));
    if (this.#ticks % ticksPerDirectPublish === 0) {
      const turn = this.#ticks / ticksPerDirectPublish;
      this.#keep(this.#ask(this.#gateways[turn % this.#gateways.length] ?? '', 'gateway', 'publish'));
    }
    if (this.#ticks % ticksPerReceive === 0) this.#keep(this.#ask(this.#nginx, 'nginx', 'receive'));
  }

  #keep(asking: Promise<void>): void {
    this.#underWay.add(asking);
    void asking.then(() => this.#underWay.delete(asking));
  }

  async #ask(url: string, via: ProbeSample['via'], verb: ProbeSample['verb']): Promise<void> {
    const path = verb === 'publish' ? 'messages' : 'messages/receive?max=100&autoAck=true';
    const succeeded = await this.#post(
      `${url}/v1/queues/${queue}/${path}`,
      verb === 'publish' ? 'probe' : '',
    );
    this.samples.push({ via, verb, succeeded, endedMs: performance.now() });
  }

  #post(url: string, body: string): Promise<boolean> {
    return new Promise((resolve) => {
      const headers = {
        'content-length': body.length,
        ...(body === '' ? {} : { 'content-type': 'text/plain' }),
      };
      const signal = AbortSignal.timeout(timeoutMs);
      const asked = request(url, { method: 'POST', agent: this.#agent, headers, signal }, (response) => {
        response.on('error', () => resolve(false));
        response.on('end', () => resolve((response.statusCode ?? 500) < 300));
        response.resume();
      });
      asked.on('error', () => resolve(false));
      asked.end(body);
    });
  }
}
