/** A server's process: started, waited for, and stopped. It does not outlive this process if it can be helped. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { waitUntil } from '../test/support/wait-until.ts';
import { withDescendants } from './cpu-times.ts';

const startLimitMs = 60_000;
const stopLimitMs = 10_000;
const outputCharsMax = 20_000;

export interface ServerCommand {
  readonly program: string;
  readonly options: readonly string[];
  readonly directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** It talks over a channel as Node.js does. */
  readonly hasChannel?: boolean;
}

export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #command: ServerCommand;
  #output = '';
  #hasEnded = false;
  #stopped: Promise<void> | undefined;

  constructor(command: ServerCommand) {
    this.#command = command;
    const { PATH = '' } = process.env;
    this.#child = spawn(command.program, command.options, {
      stdio: ['ignore', 'pipe', 'pipe', ...(command.hasChannel === true ? (['ipc'] as const) : [])],
      // Ctrl-C in a terminal reaches every process of the group; these are stopped in their order.
      detached: true,
      env: { PATH, LC_ALL: 'C.UTF-8', ...command.environment },
      ...(command.directory === undefined ? {} : { cwd: command.directory }),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-outputCharsMax);
      });
    this.#child.once('error', (error) => {
      this.#output += error.message;
      this.#hasEnded = true;
    });
    this.#child.once('exit', () => {
      this.#hasEnded = true;
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get output(): string {
    return this.#output;
  }

  /** The address that it tells over the channel. */
  async address(): Promise<string> {
    const told = once(this.#child, 'message');
    const ended = once(this.#child, 'exit').then(() => undefined);
    const [message] = (await Promise.race([told, ended])) ?? [];
    const { listening } = (message ?? {}) as { listening?: string };
    if (listening === undefined) throw this.#endedError();
    return listening;
  }

  async whenListening(port: number): Promise<void> {
    await this.when(() => accepts(port), `port ${port} is listened on`);
  }

  /** @throws Error with its output, when it ends before or takes too long */
  async when(condition: () => Promise<boolean>, description: string): Promise<void> {
    await waitUntil(
      async () => {
        if (this.#hasEnded) throw this.#endedError();
        return condition();
      },
      `${this.#command.program}: ${description}`,
      startLimitMs,
    );
  }

  /** Sends over the channel, and returns the next message that comes. */
  async ask(question: object): Promise<unknown> {
    const answer = once(this.#child, 'message');
    this.#child.send(question);
    return (await answer)[0];
  }

  /** With all that it has started. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const all = this.#child.pid === undefined ? [] : await withDescendants(this.#child.pid);
    if (this.#hasEnded) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const pid of all) endNow(pid);
    }, stopLimitMs);
    await exited;
    clearTimeout(timer);
    for (const pid of all.slice(1)) endNow(pid);
  }

  #endedError(): Error {
    return new Error(`${this.#command.program} has ended:\n${this.#output}`);
  }
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
