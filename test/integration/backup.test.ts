/**
 * A backup made and restored as docs/backup.md says, by the commands that stand there: from the files of one server
 * that is at work, into an ensemble that is empty.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { fencedBlocks, readDocument } from '../support/documents.ts';
import { type LocalGateway, startLocalGateway } from '../support/local-gateway.ts';
import { answerOf, QueueClient } from '../support/queue-client.ts';
import { waitUntil, wakeLimitMs } from '../support/wait-until.ts';
import { startEnsemble } from '../support/zookeeper-server.ts';

/** Small, so that the backup has several snapshots and logs. */
const eagerSnapshots = ['snapCount=60'];

/** Of a transaction id, below those that count elections. */
const epochBits = 32n;
const hoursSince1970 = () => BigInt(Math.floor(Date.now() / 3_600_000)) - 1n;

const endings: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const end of endings.reverse()) await end();
});

/** The commands of the guide that begin so, without the variables that are set otherwise. */
function guideCommands(beginning: string, variables: readonly string[] = []): string {
  const blocks = fencedBlocks(readDocument('docs/backup.md'));
  const block = blocks.find(({ language, text }) => language === 'shell' && text.startsWith(beginning));
  if (block === undefined) throw new Error(`the guide has no commands that begin with: ${beginning}`);
  return variables.reduce((lines, name) => {
    const assignment = new RegExp(`^${name}=.*$`, 'm');
    if (!assignment.test(lines)) throw new Error(`the guide's commands do not set ${name}`);
    return lines.replace(assignment, '');
  }, block.text);
}

async function runShell(commands: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const { PATH = '' } = process.env;
  // Not waiting for it in place, which would stop the gateway in this process as well.
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
    env: { PATH, ...variables },
  });
  return stdout;
}

/** A step of the guide, with these variables instead of its own. */
async function runStep(step: string, variables: Readonly<Record<string, string>>): Promise<void> {
  await runShell(guideCommands(`# ${step}\n`, Object.keys(variables)), variables);
}

async function gatewayAt(address: string): Promise<LocalGateway> {
  const gateway = await startLocalGateway(`${address}/zoogate`, { ZOOGATE_LOG_LEVEL: 'warn' });
  endings.push(() => gateway.close());
  await gateway.whenReady();
  return gateway;
}

async function receiveAll(
  queue: QueueClient,
): Promise<{ bodies: string[]; receipts: string[]; tokens: bigint[] }> {
  const { messages } = answerOf(await queue.receive({ max: 1000, leaseSeconds: 600 }));
  return {
    bodies: messages.map(({ body }) => body as string),
    receipts: messages.map(({ receipt }) => receipt),
    tokens: messages.map(({ fencingToken }) => BigInt(fencingToken)),
  };
}

it('a backup of one server brings an empty ensemble back to that moment', { timeout: 90_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'zoogate-backup-'));
  endings.push(() => rm(directory, { recursive: true, force: true }));
  const source = await startEnsemble(1, eagerSnapshots);
  endings.push(() => source.stop());
  const before = await gatewayAt(source.connectionString);
  const queue = new QueueClient(before.url, 'orders');
  const busy = new QueueClient(before.url, 'busy');
  await queue.create({ leaseSeconds: 77, ordering: 'group' });
  await busy.create();
  for (let count = 0; count < 100; count += 1) answerOf(await queue.publish(`message ${count}`));
  const acked = await answerOf(await queue.receive({ max: 10 })).messages.map(({ receipt }) => receipt);
  answerOf(await queue.settle('ack', acked));
  const [held] = answerOf(await queue.receive({ leaseSeconds: 3_600 })).messages;
  if (held === undefined) throw new Error('a message was received');

  let isCopied = false;
  const others = (async () => {
    while (!isCopied) answerOf(await busy.publish('while files are copied'));
  })();
  const [server] = source.servers;
  if (server === undefined) throw new Error('one server was started');
  const snapshots = async () =>
    (await readdir(join(server.dataDirectory, 'version-2'))).filter((name) => name.startsWith('snapshot.'));
  await waitUntil(async () => (await snapshots()).length >= 3, 'there are several snapshots', wakeLimitMs);
  const backup = join(directory, 'backup');
  await runStep('copy the files of one server', { dataDir: server.dataDirectory, backup });
  isCopied = true;
  await others;

  // What is done from here on is not in the backup.
  answerOf(await queue.publish('too late'));
  const after = await receiveAll(queue);
  expect(after.bodies).toHaveLength(90);
  answerOf(await queue.settle('ack', after.receipts));
  queue.close();
  busy.close();
  await before.close();
  await source.stop();

  const restored = await startEnsemble(3, [], undefined, async (dataDirectory) => {
    await runStep('put them into each server', { dataDir: dataDirectory, backup });
  });
  endings.push(() => restored.stop());
  const roles = await Promise.all(
    restored.servers.map(async ({ address }) =>
      runShell(guideCommands('echo srvr').replace('zk1:2181', address)),
    ),
  );
  expect(roles.sort()).toEqual(['Mode: follower\n', 'Mode: follower\n', 'Mode: leader\n']);
  const gateway = await gatewayAt(restored.connectionString);
  const again = new QueueClient(gateway.url, 'orders');
  const { config } = (await (await fetch(`${gateway.url}/v1/queues/orders`)).json()) as { config: object };
  expect(config).toMatchObject({ leaseSeconds: 77, ordering: 'group' });
  expect(await again.stats()).toMatchObject({ messages: 90, leased: 1, ready: 89 });
  // What was leased after the backup is not known, and so not said to be done.
  for (const { outcome } of answerOf(await again.settle('ack', after.receipts)))
    expect(['lost', 'invalid']).toContain(outcome);
  const redelivered = await receiveAll(again);
  expect(redelivered.bodies).toEqual(Array.from({ length: 89 }, (_, index) => `message ${index + 11}`));
  // A lease from before goes on, and its receipt is good.
  expect(answerOf(await again.settle('ack', [held.receipt]))).toMatchObject([{ outcome: 'ok' }]);
  answerOf(await again.settle('ack', redelivered.receipts));
  expect(await again.stats()).toMatchObject({ messages: 0 });
  // Fencing tokens grow over those that were given out after the backup, however many elections there have been.
  for (const token of redelivered.tokens) expect(token >> epochBits).toBeGreaterThan(hoursSince1970());
  again.close();
});
