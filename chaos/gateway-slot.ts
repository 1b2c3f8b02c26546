/**
 * The place of one gateway: a port that it always listens on, links of its own to each server of the ensemble, a
 * clock that may be wrong, and the process that runs there at the moment.
 */
import { GatewayProcess, type GatewayProcessOptions } from '../test/support/gateway-process.ts';
import type { TcpProxy } from '../test/support/tcp-proxy.ts';
import { waitUntil } from '../test/support/wait-until.ts';

export interface GatewaySlotOptions {
  readonly name: string;
  readonly port: number;
  readonly links: readonly TcpProxy[];
  readonly chroot: string;
  readonly sessionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly clockOffsetMs: number;
  /** Has garbage collected and the heap measured every few seconds. */
  readonly measuresHeap?: boolean;
  /** Of a clone in which the version is built that runs here at first; this one's when left out. */
  readonly directory?: string | undefined;
}

const healthyLimitMs = 60_000;
/** Of what a gateway has written that nobody should see: defects, and worse. */
const alarming = /"level":60|"msg":"defect"/;

export class GatewaySlot {
  readonly name: string;
  readonly links: readonly TcpProxy[];
  /** What happened here that was nobody's intention, in sentences. */
  readonly surprises: string[] = [];
  heapBytes = 0;
  readonly #options: GatewaySlotOptions;
  #process: GatewayProcess | undefined;
  #directory: string | undefined;
  readonly #ending = new Set<GatewayProcess>();

  constructor(options: GatewaySlotOptions) {
    this.name = options.name;
    this.links = options.links;
    this.#options = options;
    this.#directory = options.directory;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  get process(): GatewayProcess {
    if (this.#process === undefined) throw new Error(`${this.name} has not been started`);
    return this.#process;
  }

  /** @param directory of another version, which stays the one of this place */
  launch(directory = this.#directory): void {
    this.#directory = directory;
    const { links, chroot, port, clockOffsetMs, measuresHeap } = this.#options;
    const { sessionTimeoutMs, requestTimeoutMs } = this.#options;
    const preloads = ['clock', ...(measuresHeap === true ? ['heap'] : [])];
    const settings: GatewayProcessOptions = {
      ...(directory === undefined ? {} : { directory }),
      zooKeeper: links.map(({ address }) => address).join(',') + chroot,
      nodeOptions: [
        ...(measuresHeap === true ? ['--expose-gc'] : []),
        ...preloads.flatMap((name) => ['--import', new URL(`preload/${name}.mjs`, import.meta.url).href]),
      ],
      variables: {
        ZOOGATE_PORT: String(port),
        ZOOGATE_SESSION_TIMEOUT_MS: String(sessionTimeoutMs),
        ZOOGATE_REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
        ZOOGATE_LOG_LEVEL: 'warn',
        CHAOS_CLOCK_OFFSET_MS: String(clockOffsetMs),
      },
      onMessage: (message) => {
        if ('heapBytes' in message) this.heapBytes = Number(message.heapBytes);
      },
    };
    const started = new GatewayProcess(settings);
    this.#process = started;
    void started.ended.then(({ code, signal }) => {
      if (!this.#ending.has(started))
        this.surprises.push(
          `${this.name} ended by itself (${code ?? signal}): ${started.output.slice(-2_000)}`,
        );
      const line = started.output.split('\n').find((each) => alarming.test(each));
      if (line !== undefined) this.surprises.push(`${this.name} wrote: ${line.slice(0, 2_000)}`);
    });
  }

  async whenReady(): Promise<void> {
    const isReady = async () => {
      const status = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) })
        .then((response) => response.status)
        .catch(() => undefined);
      return status === 200;
    };
    await waitUntil(isReady, `${this.name} is ready`, healthyLimitMs);
  }

  async kill(): Promise<void> {
    this.#ending.add(this.process);
    await this.process.kill();
  }

  /** As an operator does; it has to exit with code 0. */
  async stop(): Promise<void> {
    const stopping = this.process;
    this.#ending.add(stopping);
    const { code, signal } = await stopping.stop();
    if (code !== 0) this.surprises.push(`${this.name} was asked to stop and ended with ${code ?? signal}`);
  }
}
