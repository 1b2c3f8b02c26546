/**
 * The npm package that a release would publish: packed by `npm pack`, installed into an empty folder from a registry that
 * has it, and run by the commands that it brings.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keyHash } from '../../src/access/api-key.ts';
import { waitUntil } from '../support/wait-until.ts';
import { freePorts, startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The commands begin with `#!/usr/bin/env node`: that is to be the Node.js that runs the tests. */
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);

interface Packed {
  readonly filename: string;
  readonly integrity: string;
  readonly files: readonly { readonly path: string }[];
}

let server: ZooKeeperServer;
let folder: string;
let packed: Packed;
let registry: Server;
let gateway: ChildProcess | undefined;

beforeAll(async () => {
  [server, folder] = await Promise.all([startZooKeeper(), mkdtemp(join(tmpdir(), 'zoogate-package-'))]);
  const { stdout } = await npm(root, 'pack', '--json', `--pack-destination=${folder}`);
  const [only] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  packed = only;
  await writeFile(join(folder, 'package.json'), '{}');
  registry = await startRegistry();
  const options = ['--prefer-offline', '--ignore-scripts', `--registry=${urlOf(registry)}`];
  await npm(folder, 'install', 'zoogate', ...options);
}, 180_000);
afterAll(async () => {
  gateway?.kill('SIGKILL');
  registry?.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

function npm(cwd: string, ...options: string[]): Promise<{ stdout: string }> {
  return run('npm', [...options, '--no-audit', '--no-fund', '--loglevel=error'], {
    ...{ cwd, maxBuffer: 16 * 1024 * 1024 },
    // Without the settings that npm hands on to what it runs, which name this repository.
    env: { PATH, HOME: process.env.HOME ?? '' },
  });
}

const urlOf = (listening: Server) => `http://127.0.0.1:${(listening.address() as AddressInfo).port}/`;

/**
 * A registry that has the package, and sends those who want others on to the real one. A package that is installed from a
 * file would not do: npm obeys the npm-shrinkwrap.json of those alone of which a registry says that they have one.
 */
async function startRegistry(): Promise<Server> {
  const real = (await npm(root, 'config', 'get', 'registry')).stdout.trim();
  const tarball = await readFile(join(folder, packed.filename));
  const manifest = await readJson(join(root, 'package.json'));
  const started = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === `/${packed.filename}`) return response.end(tarball);
    if (path !== '/zoogate') return response.writeHead(302, { location: `${real}${path.slice(1)}` }).end();
    const dist = { tarball: `${urlOf(started)}${packed.filename}`, integrity: packed.integrity };
    const versions = { [manifest.version]: { ...manifest, _hasShrinkwrap: true, dist } };
    return response.end(
      JSON.stringify({ name: 'zoogate', 'dist-tags': { latest: manifest.version }, versions }),
    );
  });
  started.listen(0, '127.0.0.1');
  await once(started, 'listening');
  return started;
}

const command = (name: string) => join(folder, 'node_modules/.bin', name);
const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8'));

test('it holds the program, its description and its licence, and nothing else of the repository', () => {
  const names = packed.files.map(({ path }) => path);
  const outside = names.filter((path) => !/^dist\/([\w-]+\/)*[\w-]+\.js(\.map)?$/.test(path));
  expect(outside.sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'dist/.commit',
    'npm-shrinkwrap.json',
    'openapi/openapi.json',
    'package.json',
  ]);
});

test('it brings the packages that the tests run with, to the last number, and none for development', async () => {
  const { packages: locked } = await readJson(join(root, 'package-lock.json'));
  const { packages: installed } = await readJson(join(folder, 'node_modules/.package-lock.json'));
  const versions = Object.entries<{ version: string }>(installed)
    .filter(([path]) => path !== 'node_modules/zoogate')
    .map(([path, { version }]) => [path.replace('node_modules/zoogate/', ''), version] as const);
  expect(versions.length).toBeGreaterThan(50);
  for (const [path, version] of versions) {
    expect([path, locked[path]?.version, locked[path]?.dev]).toEqual([path, version, undefined]);
  }
});

test('it starts a gateway, which tells its version and stops when it is told to', async () => {
  const [port = 0] = await freePorts(1);
  gateway = spawn(command('zoogate-gateway'), {
    env: { PATH, ZOOGATE_PORT: String(port), ZOOGATE_ZOOKEEPER: `${server.address}/package` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(gateway, 'exit');
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`);
  const isReady = () =>
    get('/readyz')
      .then(({ ok }) => ok)
      .catch(() => false);
  await waitUntil(isReady, 'it is ready');
  const { version } = await readJson(join(root, 'package.json'));
  expect(await (await get('/version')).json()).toMatchObject({ version });
  gateway.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  gateway = undefined;
});

test('it makes keys, and tells whether a tree is secure', async () => {
  const { stdout } = await run(command('zoogate-key'), { env: { PATH } });
  const [, key = '', hash] = /: (\S+)\n.*: +(\S+)\n$/.exec(stdout) ?? [];
  expect(keyHash(key)).toBe(hash);
  const variables = { ZOOGATE_ZOOKEEPER: `${server.address}/package`, ZOOGATE_ZOOKEEPER_CREDENTIALS: 'a:b' };
  const failed = run(command('zoogate-secure'), ['--check'], { env: { PATH, ...variables } });
  await expect(failed).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('are open to') });
});

test('it gives generators the OpenAPI document, and offers nothing to be imported', async () => {
  const from = (name: string) =>
    run(process.execPath, ['-e', `console.log(require.resolve('${name}'))`], { cwd: folder, env: { PATH } });
  await expect(from('zoogate/openapi.json')).resolves.toMatchObject({
    stdout: expect.stringContaining('openapi'),
  });
  await expect(from('zoogate')).rejects.toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
});
