/** The gateway as a process: what it needs to start, and how it stops. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../../scripts/workspace.mjs';
import { GatewayProcess, type GatewayProcessOptions, scriptOf } from '../support/gateway-process.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

describe('a gateway process', () => {
  let server: ZooKeeperServer;
  let gateways: GatewayProcess[] = [];

  beforeAll(async () => {
    server = await startZooKeeper();
  });
  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.kill()));
    gateways = [];
  });
  afterAll(() => server.stop());

  function launch(options: GatewayProcessOptions): GatewayProcess {
    const gateway = new GatewayProcess(options);
    gateways.push(gateway);
    return gateway;
  }

  test('without ZOOGATE_ZOOKEEPER it refuses to start', async () => {
    const gateway = launch({});
    expect((await gateway.ended).code).toBe(1);
    expect(gateway.output).toContain('ZOOGATE_ZOOKEEPER is not set');
  });

  test('on a taken port it says so and ends', async () => {
    const zooKeeper = `${server.address}/ports`;
    const first = launch({ zooKeeper });
    await first.whenListening();
    const second = launch({ zooKeeper, variables: { ZOOGATE_PORT: new URL(first.url).port } });
    expect((await second.ended).code).toBe(1);
    expect(second.output).toContain('is taken by another program');
  });

  test('it prints the port that it picked', async () => {
    const gateway = launch({ zooKeeper: `${server.address}/printed` });
    await gateway.whenListening();
    await waitUntil(() => gateway.output.includes(`zoogate listens on ${gateway.url}\n`), 'it is printed');
  });

  test('on a terminal its log is for people, elsewhere JSON lines', async () => {
    const gateway = launch({ zooKeeper: `${server.address}/piped` });
    await gateway.whenListening();
    await waitUntil(() => gateway.output.includes('"msg":'), 'the first line is logged');
    const environment = {
      PATH: process.env.PATH ?? '',
      ZOOGATE_PORT: '0',
      ZOOGATE_ZOOKEEPER: `${server.address}/tty`,
    };
    // The command of util-linux that gives a program a terminal.
    const command = [process.execPath, ...scriptOf('main')].join(' ');
    const terminal = spawn('script', ['-qefc', command, '/dev/null'], { cwd: root, env: environment });
    let output = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const ended = once(terminal, 'close');
    try {
      await waitUntil(() => /zoogate listens on/.test(output), 'the gateway listens');
      expect(output).toMatch(/\[\d\d:\d\d:\d\d\.\d{3}\] .*INFO/);
      expect(output).not.toContain('{"level":');
    } finally {
      terminal.stdin.end('\x03');
      await ended;
    }
  });

  test('SIGTERM answers waiting receives at once with nothing, and ends with exit code 0', async () => {
    const gateway = launch({ zooKeeper: `${server.address}/stopping` });
    await gateway.whenReady();
    const queue = `${gateway.url}/v1/queues/orders`;
    expect((await fetch(queue, { method: 'PUT' })).status).toBe(201);
    const polls = [1, 2, 3].map(() =>
      fetch(`${queue}/messages/receive?waitSeconds=50`, { method: 'POST' }).then(async (answer) => ({
        status: answer.status,
        body: await answer.json(),
      })),
    );
    // The polls were sent before it on connections of their own; its answer shows that the gateway has read on.
    expect((await fetch(queue)).status).toBe(200);
    const ending = gateway.stop();
    await waitUntil(async () => (await gateway.readyStatus()) !== 200, 'it is not ready any more');
    for (const poll of polls) expect(await poll).toEqual({ status: 200, body: { messages: [] } });
    expect(await ending).toEqual({ code: 0, signal: null });
  });
});
