/**
 * `npm run fuzz`: a property-based fuzzer makes requests of the OpenAPI document, good ones and bad ones, sends them to a
 * live gateway with a small heap, and looks for answers that the document does not describe. Beside it the largest bodies
 * go to every route, and /livez is watched: it must be answered within 250 ms throughout. Ends with 0 when all is well.
 */
import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../sdk/command.ts';
import { python } from '../sdk/languages.ts';
import { requireTools } from '../sdk/workshop.ts';
import { makeApiKey } from '../src/access/api-key.ts';
import { sendKey } from '../test/support/credentials.ts';
import { GatewayProcess } from '../test/support/gateway-process.ts';
import { startZooKeeper } from '../test/support/zookeeper-server.ts';
import { type Sent, sendLargest } from './largest.ts';
import { type FuzzOptions, parseOptions, usage } from './options.ts';

const HEAP_MIB = 512;
/** For an answer of /livez. */
const LIVE_MS_MAX = 250;
/** The largest bodies go on for so long at most when the fuzzer has ended. */
const LARGEST_MORE_MS = 600_000;

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

/** @returns 0 when nothing was found */
async function fuzz(options: FuzzOptions): Promise<number> {
  const server = await startZooKeeper();
  // With a key, so that what is asked without one is tried as well.
  const { key, hash } = makeApiKey(randomBytes);
  const gateway = await GatewayProcess.start({
    zooKeeper: `${server.address}/fuzz`,
    variables: { ZOOGATE_API_KEY_HASH: hash },
    nodeOptions: [`--max-old-space-size=${HEAP_MIB}`],
  });
  sendKey(gateway.url, key);
  let sending: Sent = { what: 'nothing yet', bytes: 0 };
  let bodies = 0;
  const watch = watchLife(gateway, () => sending.what);
  const onSend = (sent: Sent): void => {
    sending = sent;
    bodies += 1;
  };
  try {
    const enough = AbortSignal.any([
      stopping.signal,
      AbortSignal.timeout(options.seconds * 1000 + LARGEST_MORE_MS),
    ]);
    const [code, wrong] = await Promise.all([
      runFuzzer(gateway.url, key, options),
      sendLargest(gateway.url, onSend, enough),
    ]);
    const { answers, longestMs, longestClockMs, slow } = watch.stop();
    console.log(
      `Beside it ${bodies} of the largest bodies; ${answers} answers of /livez, the slowest after ` +
        `${Math.round(longestMs)} ms (${Math.round(longestClockMs)} ms with what the machine made it wait).`,
    );
    for (const each of [...wrong, ...slow]) console.error(`WRONG: ${each}`);
    return code !== 0 || wrong.length > 0 || slow.length > 0 || answers === 0 ? 1 : 0;
  } finally {
    watch.stop();
    const { code } = await gateway.stop();
    if (code !== 0) console.error(`The gateway has ended with ${code}:\n${gateway.output.slice(-2_000)}`);
    await server.stop();
  }
}

/** Asks /livez all the time; `doing` tells what is sent meanwhile. */
function watchLife(gateway: GatewayProcess, doing: () => string) {
  const watcher = fork(join(here, 'livez-watch.ts'), [gateway.url, String(gateway.pid)], {
    execArgv: ['--import', 'tsx'],
  });
  const seen = { answers: 0, longestMs: 0, longestClockMs: 0, slow: [] as string[] };
  watcher.on('message', ({ status, ms, clockMs }: { status?: number; ms: number; clockMs: number }) => {
    seen.answers += 1;
    seen.longestMs = Math.max(seen.longestMs, ms);
    seen.longestClockMs = Math.max(seen.longestClockMs, clockMs);
    if (status !== 200) seen.slow.push(`/livez was ${status}, with ${doing()}`);
    else if (ms > LIVE_MS_MAX) seen.slow.push(`/livez took ${Math.round(ms)} ms, with ${doing()}`);
  });
  return {
    stop() {
      watcher.kill();
      return seen;
    },
  };
}

/** @returns the exit code of the fuzzer */
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
