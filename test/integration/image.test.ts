/**
 * What goes into the container image, without a container: the production packages as the Dockerfile installs them and
 * the built program, in a directory that nobody can write to, run by the image's commands as a user without rights.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDeployed, readStages } from '../support/deployment-files.ts';
import { waitUntil } from '../support/wait-until.ts';
import { freePorts, startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const root = join(import.meta.dirname, '../..');
const stages = readStages(readDeployed('deploy/Dockerfile'));
const image = stages.at(-1) ?? [];

/** As Docker would, but with what is on this machine. */
const unprivileged = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

let server: ZooKeeperServer;
let directory: string;
let environment: Record<string, string>;
let gateway: ChildProcess | undefined;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  [server, directory] = await Promise.all([startZooKeeper(), makeDirectory()]);
  environment = {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    ZOOGATE_PORT: String(port),
    ZOOGATE_ZOOKEEPER: `${server.address}/image`,
    ZOOGATE_ZOOKEEPER_CREDENTIALS: 'zoogate:secret',
  };
}, 180_000);
afterAll(async () => {
  gateway?.kill('SIGKILL');
  await server.stop();
  await run('chmod', ['-R', 'u+w', directory]);
  await rm(directory, { recursive: true });
});

async function makeDirectory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'zoogate-image-'));
  await chmod(made, 0o755);
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    await copyFile(join(root, name), join(made, name));
  }
  const packages = stages.find(([from]) => from?.text.endsWith('AS packages')) ?? [];
  const [install = ''] = packages.filter(({ name }) => name === 'RUN').map(({ text }) => text);
  const [program = '', ...options] = install.split(' ');
  await run(program, [...options, '--prefer-offline', '--loglevel=error'], { cwd: made });
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const build = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(made, 'dist')];
  await run(process.execPath, [compiler, ...build]);
  await run('chmod', ['-R', 'a-w,a+rX', made]);
  return made;
}

async function run(program: string, options: string[], more: object = {}): Promise<number | null> {
  const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'inherit'], ...more });
  const [code] = await once(child, 'close');
  return code;
}

/** A command of the Dockerfile that is a list. */
function commandOf(name: string): string[] {
  const { text = '' } = image.find((instruction) => instruction.name === name) ?? {};
  return JSON.parse(text.slice(text.indexOf('['))) as string[];
}

function execute([program = '', ...options]: string[], variables = environment): ChildProcess {
  const node = program === 'node' ? process.execPath : program;
  const child = spawn(node, options, { cwd: directory, env: variables, stdio: 'pipe', ...unprivileged });
  child.stderr?.pipe(process.stderr);
  return child;
}

async function exitCode(command: string[], variables = environment): Promise<number | null> {
  const [code] = await once(execute(command, variables), 'close');
  return code;
}

test('it holds no development packages', async () => {
  const installed = await readdir(join(directory, 'node_modules'));
  expect(installed).toContain('fastify');
  for (const name of ['typescript', 'vitest', '@biomejs', 'tsx']) expect(installed).not.toContain(name);
});

test('it starts, is healthy when its ensemble answers, and stops when it is told to', async () => {
  const isHealthy = () => exitCode(commandOf('HEALTHCHECK'));
  expect(await isHealthy()).toBe(1);
  gateway = execute(commandOf('CMD'));
  gateway.stdout?.resume();
  const ended = once(gateway, 'exit');
  await waitUntil(async () => (await isHealthy()) === 0, 'it is healthy');
  const url = `http://127.0.0.1:${environment.ZOOGATE_PORT}/v1/queues/orders`;
  expect((await fetch(url, { method: 'PUT' })).status).toBe(201);
  expect((await fetch(`${url}/messages`, { method: 'POST', body: 'x' })).status).toBe(201);
  gateway.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  gateway = undefined;
});

test('it tells whether a tree is secure', async () => {
  expect(await exitCode(['node', 'dist/secure.js', '--check'])).toBe(0);
});

test('it does not start for others without authentication', async () => {
  const open = { ...environment, ZOOGATE_HOST: '0.0.0.0' };
  const child = execute(commandOf('CMD'), open);
  expect(await once(child, 'exit')).toEqual([1, null]);
});
