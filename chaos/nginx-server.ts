/** nginx with the configuration that the project deploys; only addresses, ports and directories are others. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNginx } from '../scripts/nginx-installation.mjs';
import { waitUntil } from '../test/support/wait-until.ts';

const deployed = new URL('../deploy/nginx.conf', import.meta.url);
const temporaryDirectories = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/**
 * The deployed configuration on other addresses. Pure.
 *
 * @throws Error when it does not have the places that are to be changed
 */
export function nginxConfiguration(
  text: string,
  place: { readonly port: number; readonly gatewayPorts: readonly number[]; readonly directory: string },
): string {
  const paths = temporaryDirectories.map((name) => `  ${name}_temp_path ${place.directory}/${name};`);
  const changes: (readonly [string, string])[] = [
    ['http {', ['http {', ...paths].join('\n')],
    ['listen 8080;', `listen 127.0.0.1:${place.port};`],
    ...place.gatewayPorts.map((port, index) => [`gateway${index + 1}:8080`, `127.0.0.1:${port}`] as const),
  ];
  return changes.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`deploy/nginx.conf has no "${from}"`);
    return changed.replaceAll(from, to);
  }, text);
}

/** What an error log complains about, and how often. Pure. */
export function complaints(log: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of log.split('\n')) {
    // 2030/01/31 12:00:00 [error] 1#1: *1 the complaint, client: …
    const said = /\[(?:warn|error|crit|alert|emerg)\] \d+#\d+: (?:\*\d+ )?(.+?)(?:, client: |$)/.exec(
      line,
    )?.[1];
    if (said !== undefined) counts[said] = (counts[said] ?? 0) + 1;
  }
  return counts;
}

export class NginxServer {
  readonly url: string;
  readonly #directory: string;
  readonly #process: ChildProcess;

  private constructor(url: string, directory: string, child: ChildProcess) {
    this.url = url;
    this.#directory = directory;
    this.#process = child;
  }

  /**
   * Listens on the port, before three gateways that need not be there yet.
   *
   * @param change of the configuration, as an operator may make it
   */
  static async start(
    port: number,
    gatewayPorts: readonly number[],
    change: (text: string) => string = (text) => text,
  ): Promise<NginxServer> {
    const { program, directory, options } = await prepare(port, gatewayPorts, change);
    const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'inherit'] });
    const nginx = new NginxServer(`http://127.0.0.1:${port}`, directory, child);
    const listens = async () => {
      if (child.exitCode !== null) throw new Error(`nginx has ended:\n${await nginx.log()}`);
      return (await fetch(nginx.url).catch(() => undefined)) !== undefined;
    };
    await waitUntil(listens, 'nginx listens');
    return nginx;
  }

  /** What it has complained about. */
  log(): Promise<string> {
    return readFile(join(this.#directory, 'error.log'), 'utf8').catch(() => '');
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await exited;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** What nginx's own check says of the deployed configuration. */
export async function checkNginxConfiguration(): Promise<{ exitCode: number | null; complaints: string[] }> {
  const { program, directory, options } = await prepare(1, [2, 3, 4], (text) => text);
  const { status, stderr } = spawnSync(program, ['-t', ...options], { encoding: 'utf8' });
  await rm(directory, { recursive: true });
  const complaints = stderr.split('\n').filter((line) => /\[(?:warn|error|crit|alert|emerg)\]/.test(line));
  return { exitCode: status, complaints };
}

/** A directory with the configuration and all that nginx writes to, and how to run it there. */
async function prepare(port: number, gatewayPorts: readonly number[], change: (text: string) => string) {
  const program = findNginx();
  if (program === undefined) throw new Error('nginx was not found');
  const directory = await mkdtemp(join(tmpdir(), 'zoogate-nginx-'));
  // Its workers are another user when it is started by root.
  await chmod(directory, 0o755);
  for (const name of temporaryDirectories) await mkdir(join(directory, name));
  const text = nginxConfiguration(change(await readFile(deployed, 'utf8')), {
    port,
    gatewayPorts,
    directory,
  });
  const file = join(directory, 'nginx.conf');
  await writeFile(file, text);
  const settings = `daemon off; pid ${directory}/nginx.pid;`;
  const options = ['-p', directory, '-e', join(directory, 'error.log'), '-c', file, '-g', settings];
  return { program, directory, options };
}
