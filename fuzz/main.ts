/**
 * `npm run fuzz`: a property-based fuzzer makes requests of the OpenAPI document, good ones and bad ones, sends them to a
 * live gateway, and looks for answers that the document does not describe. Ends with 0 when it finds none.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../sdk/command.ts';
import { python } from '../sdk/languages.ts';
import { requireTools } from '../sdk/workshop.ts';
import { makeApiKey } from '../src/access/api-key.ts';
import { GatewayProcess } from '../test/support/gateway-process.ts';
import { startZooKeeper } from '../test/support/zookeeper-server.ts';
import { type FuzzOptions, parseOptions, usage } from './options.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const workshop = fileURLToPath(new URL('../.build-fuzz', import.meta.url));

const stopping = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());

try {
  const options = parseOptions(process.argv.slice(2));
  await requireTools(python);
  await install();
  process.exitCode = await fuzz(options);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exitCode = 1;
}

async function install(): Promise<void> {
  await mkdir(workshop, { recursive: true });
  console.log('Installing the fuzzer: schemathesis');
  const environment = ['-m', 'venv', '.venv'];
  const packages = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const { signal } = stopping;
  const directory = workshop;
  await run(
    { what: 'making a virtual environment', program: 'python3', options: environment, directory },
    signal,
  );
  const interpreter = join(workshop, '.venv/bin/python');
  const options = [...packages, '-r', join(here, 'requirements.txt')];
  await run({ what: 'installing', program: interpreter, options, directory }, signal);
}

/** @returns the exit code of the fuzzer: 0 when it has found nothing */
async function fuzz(options: FuzzOptions): Promise<number> {
  const server = await startZooKeeper();
  // With a key, so that what is asked without one is tried as well.
  const { key, hash } = makeApiKey(randomBytes);
  const gateway = await GatewayProcess.start({
    zooKeeper: `${server.address}/fuzz`,
    variables: { ZOOGATE_API_KEY_HASH: hash },
  });
  try {
    return await runFuzzer(gateway.url, key, options);
  } finally {
    await gateway.stop();
    await server.stop();
  }
}

function runFuzzer(url: string, key: string, { seconds, seed }: FuzzOptions): Promise<number> {
  const options = [
    '--config-file',
    join(here, 'schemathesis.toml'),
    'run',
    `${url}/openapi.json`,
    '--no-color',
  ];
  const header = ['--header', `Authorization: Bearer ${key}`];
  const limits = ['--max-time', String(seconds), ...(seed === undefined ? [] : ['--seed', seed])];
  const child = spawn(join(workshop, '.venv/bin/schemathesis'), [...options, ...header, ...limits], {
    cwd: workshop,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', SCHEMATHESIS_HOOKS: join(here, 'hooks.py') },
    signal: stopping.signal,
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
