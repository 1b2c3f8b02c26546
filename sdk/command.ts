/** Running programs of other toolchains, whose output is only of interest when they fail. */
import { spawn } from 'node:child_process';

export interface Command {
  /** What it does, as in "generating". */
  readonly what: string;
  readonly program: string;
  readonly options: readonly string[];
  readonly directory: string;
  /** Further directories to look for programs in. */
  readonly path?: string;
}

/**
 * @param signal ends it early
 * @returns what it has written
 * @throws Error with all of it, when it fails
 */
export function run(command: Command, signal?: AbortSignal): Promise<string> {
  const { what, program, options, directory, path } = command;
  const { PATH = '' } = process.env;
  const child = spawn(program, options, {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: path === undefined ? PATH : `${path}:${PATH}` },
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, by) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${what} failed (${by ?? `exit code ${code}`}):\n${output.trim()}`));
    });
  });
}
