/**
 * `npm start`: everything that is needed, from a fresh clone to a running broker, until SIGINT or SIGTERM.
 *
 *   packages -> build -> configuration -> data directory -> ZooKeeper -> gateway -> wait -> gateway and ZooKeeper stop
 *
 * A gateway or server that ends by itself is started again, three times within a minute at most; after that
 * everything is stopped and the exit code is 1. With ZOOGATE_ZOOKEEPER set, only the gateway is started.
 */
import { createServer } from 'node:net';
import { openDataDirectory } from './data-directory.mjs';
import { heapMegabytes, startEmbeddedZooKeeper } from './embedded-zookeeper.mjs';
import { startGatewayChild } from './gateway-child.mjs';
import { becomesTrue } from './processes.mjs';
import { isReady } from './readiness.mjs';
import { ensureBuild, ensurePackages, root } from './workspace.mjs';
import { installZooKeeper } from './zookeeper-installation.mjs';

const restartsMax = 3;
const restartWindowMs = 60_000;
const readyLimitMs = 30_000;
const portPatienceMs = 20_000;

const stopping = new AbortController();
/** @type {(() => unknown)[]} what to undo at the end, the latest first */
const undo = [];

// Ctrl-C reaches this process twice, from the terminal and from npm: asking again changes nothing.
for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(name, () => stopping.abort());
}
// Nobody reads what is said any more, as after `npm start | head`: stop in order instead of falling over.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stopping.abort());

/** npm, which cannot pass anything on when it is killed: then nobody is left who could stop us. */
const launcherPid = process.env.npm_lifecycle_event === 'start' ? process.ppid : undefined;
if (launcherPid !== undefined) {
  setInterval(() => process.ppid !== launcherPid && stopping.abort(), 500).unref();
}

let exitCode = 0;
try {
  await run();
} catch (error) {
  if (!stopping.signal.aborted) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    exitCode = 1;
  }
}
for (const step of undo.reverse()) await step();
process.exit(exitCode);

async function run() {
  const { signal } = stopping;
  await ensurePackages({ report, signal });
  await ensureBuild({ report, signal });
  const configuration = await readConfiguration();
  /** @type {Record<string, string | undefined>} */
  const environment = { ...process.env };
  /** @type {import('./embedded-zookeeper.mjs').EmbeddedZooKeeper | undefined} */
  let zooKeeper;
  /** @type {(port?: number) => Promise<import('./embedded-zookeeper.mjs').EmbeddedZooKeeper>} */
  let startZooKeeper = () => Promise.reject(new Error('There is no embedded server.'));

  if (configuration.zooKeeper === undefined) {
    const data = await openDataDirectory({ directory: configuration.dataDirectory, launcherPid, report });
    undo.push(data.release);
    await demandPort(configuration, data.wasAbandoned ? portPatienceMs : 0);
    const installation = installZooKeeper({ report });
    signal.throwIfAborted();
    report(`Starting ZooKeeper with its data in ${data.zooKeeperPath}`);
    const options = { installation, directory: data.zooKeeperPath, signal };
    startZooKeeper = (port) => startEmbeddedZooKeeper({ ...options, ...(port !== undefined && { port }) });
    zooKeeper = await startZooKeeper();
    undo.push(() => zooKeeper?.stop());
    environment.ZOOGATE_ZOOKEEPER = `127.0.0.1:${zooKeeper.port}/zoogate`;
    // The default is for servers of 1 GiB; this one has what the machine can spare.
    environment.ZOOGATE_MAX_DATA_BYTES ||= String((heapMegabytes() * 1024 * 1024) / 2);
  } else {
    await demandPort(configuration, 0);
  }

  report('Starting the gateway');
  let gateway = await startGatewayChild({ root, environment });
  undo.push(() => gateway.stop());
  // A gateway that is started again stays where its clients look for it.
  environment.ZOOGATE_PORT = new URL(gateway.url).port || '80';
  await reportReady(gateway.url, configuration.access);

  const restartsMs = /** @type {number[]} */ ([]);
  while (!signal.aborted) {
    const ended = await Promise.race([
      aborted(signal),
      gateway.ended.then((how) => ({ who: 'The gateway', how })),
      ...(zooKeeper === undefined ? [] : [zooKeeper.ended.then((how) => ({ who: 'ZooKeeper', how }))]),
    ]);
    if (ended === undefined || signal.aborted) break;
    const nowMs = performance.now();
    restartsMs.splice(
      0,
      restartsMs.length,
      ...restartsMs.filter((atMs) => atMs > nowMs - restartWindowMs),
      nowMs,
    );
    if (restartsMs.length > restartsMax) {
      throw new Error(`${ended.who} ended by itself again (${ended.how}). Giving up.`);
    }
    report(`${ended.who} ended by itself (${ended.how}): starting it again`);
    if (ended.who === 'ZooKeeper') zooKeeper = await startZooKeeper(zooKeeper?.port);
    else gateway = await startGatewayChild({ root, environment });
  }
  report('Stopping');
}

/** Read by the gateway's own code, so that there is one schema and one message. */
async function readConfiguration() {
  const file = new URL('../dist/config/environment.js', import.meta.url);
  /** @type {typeof import('../src/config/environment.ts')} */
  const environment = await import(file.href);
  return environment.readConfiguration(process.env);
}

/**
 * Fails when the gateway could not listen, before anything is started for it.
 *
 * @param {{ host: string, port: number }} address
 * @param {number} patienceMs time for an abandoned gateway to go away
 */
async function demandPort({ host, port }, patienceMs) {
  /** @type {NodeJS.ErrnoException | undefined} */
  let problem;
  await becomesTrue(async () => {
    problem = await tryToListen(host, port);
    return problem === undefined || stopping.signal.aborted;
  }, patienceMs);
  if (problem === undefined) return;
  throw new Error(
    problem.code === 'EADDRINUSE'
      ? `Port ${port} of ${host} is taken by another program. ` +
          'Set ZOOGATE_PORT to another one, or to 0 to have a free one picked.'
      : `Cannot listen on port ${port} of ${host}: ${problem.message}`,
  );
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<NodeJS.ErrnoException | undefined>}
 */
function tryToListen(host, port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port }, () => server.close(() => resolve(undefined)));
  });
}

/**
 * @param {string} url
 * @param {import('../src/config/access.ts').AccessConfiguration} access
 */
async function reportReady(url, access) {
  if (!(await becomesTrue(async () => stopping.signal.aborted || (await isReady(url)), readyLimitMs))) {
    report(`The gateway runs on ${url}, but ZooKeeper does not answer yet. It goes on trying.`);
    return;
  }
  if (stopping.signal.aborted) return;
  const { principalsFile, apiKeyHash, tokens } = access;
  const isGuarded = [principalsFile, apiKeyHash, tokens].some((way) => way !== undefined);
  const curl = isGuarded ? 'curl -H "Authorization: Bearer $KEY"' : 'curl';
  report(`zoogate is ready on ${url}. Press Ctrl-C to stop it.

Create a queue:
  ${curl} -X PUT ${url}/v1/queues/orders
Publish to it:
  ${curl} -H 'Content-Type: text/plain' -d 'hello' ${url}/v1/queues/orders/messages
Receive, waiting up to 20 seconds, and delete what was received:
  ${curl} -X POST '${url}/v1/queues/orders/messages/receive?waitSeconds=20&autoAck=true'

All requests: ${url}/docs
`);
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<undefined>}
 */
function aborted(signal) {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

/** @param {string} line */
function report(line) {
  console.log(line);
}
