/** What `npm start` promises, with real processes: it starts, stops, keeps its data, and survives being killed. */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findProcesses } from '../../scripts/processes.mjs';
import { StartedProgram } from '../support/started-program.ts';
import { waitUntil } from '../support/wait-until.ts';

let directory = '';
let programs: StartedProgram[] = [];

beforeEach(async () => {
  // Not plain ASCII, which Java and its properties files have to be told about.
  directory = await realpath(await mkdtemp(join(tmpdir(), 'zoogate start é-')));
});

afterEach(async () => {
  await Promise.all(programs.map((program) => program.stop('SIGTERM')));
  programs = [];
  for (const pid of servers()) process.kill(pid, 'SIGKILL');
  await waitUntil(() => servers().length === 0, 'no server is left');
  await rm(directory, { recursive: true, force: true });
});

function start(variables: Record<string, string> = {}): StartedProgram {
  const program = new StartedProgram({ ZOOGATE_DATA_DIR: directory, ...variables });
  programs.push(program);
  return program;
}

/** Ids of the ZooKeeper servers that run on this test's data. */
function servers(): number[] {
  return findProcesses([join(directory, 'zookeeper/zoo.cfg')]);
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/livez`).then(
    () => true,
    () => false,
  );
}

async function publish(url: string, body: string): Promise<void> {
  const created = await fetch(`${url}/v1/queues/orders`, { method: 'PUT' });
  expect(created.status).toBeLessThan(300);
  const headers = { 'content-type': 'text/plain' };
  const published = await fetch(`${url}/v1/queues/orders/messages`, { method: 'POST', body, headers });
  expect(published.status).toBe(201);
}

async function receive(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/v1/queues/orders/messages/receive?max=10`, { method: 'POST' });
  expect(answer.status).toBe(200);
  const { messages } = (await answer.json()) as { messages: { body: string }[] };
  return messages.map((message) => message.body);
}

describe('npm start', { timeout: 120_000 }, () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s stops gateway and server with exit code 0',
    async (signal) => {
      const program = start();
      const url = await program.url();
      expect(servers()).toHaveLength(1);
      expect(await program.stop(signal)).toBe(0);
      expect(servers()).toEqual([]);
      expect(await answers(url)).toBe(false);
    },
  );

  test('what was published is there after a restart', async () => {
    const first = start();
    await publish(await first.url(), 'kept');
    expect(await first.stop('SIGTERM')).toBe(0);
    expect(await receive(await start().url())).toEqual(['kept']);
  });

  test('after kill -9 the next start takes over, with all that was published', async () => {
    const first = start();
    const url = await first.url();
    await publish(url, 'survivor');
    await first.stop('SIGKILL');
    const second = start();
    expect(await receive(await second.url())).toEqual(['survivor']);
    expect(servers()).toHaveLength(1);
    await waitUntil(async () => !(await answers(url)), 'the gateway of the killed start is gone');
  });

  test('a second start on the same data is refused and does no harm', async () => {
    const first = start();
    const url = await first.url();
    const second = start();
    expect(await second.ended()).toBe(1);
    expect(second.output).toContain('is in use by another zoogate');
    expect(await answers(url)).toBe(true);
  });

  test('a server that dies is started again on the same data, and the gateway finds it', async () => {
    const program = start();
    const url = await program.url();
    await publish(url, 'still here');
    const [pid] = servers();
    expect(pid).toBeDefined();
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    await waitUntil(() => program.output.includes('ZooKeeper ended by itself'), 'the death is noticed');
    const isReady = async () => (await fetch(`${url}/readyz`)).ok;
    await waitUntil(async () => servers().length === 1 && (await isReady()), 'it is ready again', 60_000);
    expect(await receive(url)).toEqual(['still here']);
  });

  test('a taken port and a wrong variable are each said in one message', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const blocked = start({ ZOOGATE_PORT: port });
    expect(await blocked.ended()).toBe(1);
    expect(blocked.output).toContain(`Port ${port} of 127.0.0.1 is taken`);
    server.close();

    const misspelt = start({ ZOOGATE_PROT: '1' });
    expect(await misspelt.ended()).toBe(1);
    expect(misspelt.output).toContain('did you mean ZOOGATE_PORT?');
    expect(servers()).toEqual([]);
  });
});
