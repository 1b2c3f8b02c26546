/**
 * A gateway as a process of its own: for tests that stop it, kill it, or need several. It ends with the process that
 * started it, whatever happens to that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { buildIsCurrent, root } from '../../scripts/workspace.mjs';
import { waitUntil } from './wait-until.ts';

export interface GatewayProcessOptions {
  /** Connection string of the ensemble. */
  readonly zooKeeper?: string;
  /** Further `ZOOGATE_…` variables, and those of preloaded modules. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Options of Node.js itself. */
  readonly nodeOptions?: readonly string[];
  /** Of a clone in which another version is built; this one's when left out. */
  readonly directory?: string;
  /** Is told what the process sends besides its address. */
  readonly onMessage?: (message: object) => void;
}

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Options of Node.js, to be run in the repository, for a program of src as it is now: what was built of it, as `npm test`
 * does and as in production, or else the sources, which takes more than a second longer to start.
 */
export function scriptOf(program: 'main' | 'secure'): string[] {
  return buildIsCurrent() ? [`dist/${program}.js`] : ['--import', 'tsx', `src/${program}.ts`];
}

export class GatewayProcess {
  /** Settles when the process has ended. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #output = '';
  #url: string | undefined;
  #hasEnded = false;

  /** Launches the process and returns at once; `whenListening` and `whenReady` tell how far it is. */
  constructor(options: GatewayProcessOptions) {
    const { zooKeeper, variables = {}, nodeOptions = [], directory = root, onMessage } = options;
    const { PATH = '' } = process.env;
    const script = directory === root ? scriptOf('main') : ['dist/main.js'];
    const ensemble = zooKeeper === undefined ? {} : { ZOOGATE_ZOOKEEPER: zooKeeper };
    this.#child = spawn(process.execPath, [...nodeOptions, ...script], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { PATH, ZOOGATE_PORT: '0', ...ensemble, ...variables },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.#child.on('message', (message: { listening?: string }) => {
      if (message.listening === undefined) onMessage?.(message);
      else this.#url = message.listening;
    });
    this.ended = new Promise((resolve) => {
      // After the end of its output too, so that `output` is complete.
      this.#child.once('close', (code, signal) => {
        this.#hasEnded = true;
        resolve({ code, signal });
      });
    });
  }

  /** A gateway that answers on /readyz. */
  static async start(options: GatewayProcessOptions): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(options);
    await gateway.whenReady();
    return gateway;
  }

  /** Where it listens. */
  get url(): string {
    if (this.#url === undefined) throw new Error('The gateway does not listen yet.');
    return this.#url;
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('The gateway could not be launched.');
    return this.#child.pid;
  }

  /** Everything written so far to its output and error output. */
  get output(): string {
    return this.#output;
  }

  async whenListening(): Promise<void> {
    await waitUntil(() => this.#hasEnded || this.#url !== undefined, 'the gateway listens');
    if (this.#hasEnded) throw new Error(`The gateway has ended:\n${this.#output}`);
  }

  async whenReady(): Promise<void> {
    await this.whenListening();
    await waitUntil(async () => (await this.readyStatus()) === 200, 'the gateway is ready');
  }

  /** Status of /readyz; undefined when nobody answers. */
  async readyStatus(): Promise<number | undefined> {
    try {
      return (await fetch(`${this.url}/readyz`)).status;
    } catch {
      return undefined;
    }
  }

  /** Asks it to stop, and returns how it did. */
  stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<Ending> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** Ends it as a crash would. */
  kill(): Promise<Ending> {
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  /** For what a preloaded module listens to. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Freezes it, as a long pause of the machine would, until `resume`. */
  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }
}
