/** `npm start`'s script as a real process, with a data directory of the test's own and a port that it picks itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { waitUntil } from './wait-until.ts';

const script = fileURLToPath(new URL('../../scripts/start.mjs', import.meta.url));
/** Includes a build, when the sources have changed. */
const readyLimitMs = 50_000;

export class StartedProgram {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | NodeJS.Signals | null>;
  #output = '';
  #hasEnded = false;

  constructor(variables: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(process.execPath, [script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH, HOME, ZOOGATE_PORT: '0', ZOOGATE_LOG_LEVEL: 'warn', ...variables },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#hasEnded = true;
        resolve(code ?? signal);
      });
    });
  }

  get output(): string {
    return this.#output;
  }

  /** Where the gateway listens, once everything is ready. */
  async url(): Promise<string> {
    const address = () => /zoogate is ready on (http:\S+)\./.exec(this.#output)?.[1];
    await waitUntil(() => this.#hasEnded || address() !== undefined, 'npm start is ready', readyLimitMs);
    const url = address();
    if (url === undefined) throw new Error(`npm start has ended:\n${this.#output}`);
    return url;
  }

  /** Exit code, or the signal that ended it, once it has ended. */
  ended(): Promise<number | NodeJS.Signals | null> {
    return this.#ended;
  }

  /** Sends the signal, and returns the exit code once it has ended. */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    this.#child.kill(signal);
    return this.#ended;
  }
}
