/** The layout's version changes in a real ensemble: every gateway stops serving, and leaves the tree alone. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { openSecondClient, type SecondClient } from '../support/second-client.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

let server: ZooKeeperServer;
let operator: SecondClient;
beforeAll(async () => {
  server = await startZooKeeper();
  operator = await openSecondClient(server.address);
});
afterAll(async () => {
  operator.close();
  await server.stop();
});

test('at a layout that it does not know a gateway stops, ends what waits, and says so once', async () => {
  const chroot = `/test-${randomUUID()}`;
  const gateway = new GatewayProcess({ zooKeeper: server.address + chroot });
  try {
    await gateway.whenReady();
    const jobs = `${gateway.url}/v1/queues/jobs`;
    const events = `${gateway.url}/v1/topics/events`;
    const put = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' };
    expect([(await fetch(jobs, put)).status, (await fetch(events, put)).status]).toEqual([201, 201]);
    const stream = await fetch(`${events}/stream`, { headers: { accept: 'text/event-stream' } });
    const streamed = stream.text().catch(() => 'ended');
    const waiting = fetch(`${jobs}/messages/receive`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ waitSeconds: 50 }),
    });
    const metric = async () => (await fetch(`${gateway.url}/metrics`)).text();
    await waitUntil(async () => /^zoogate_receives_waiting 1$/m.test(await metric()), 'a receive waits');

    expect(await operator.set(`${chroot}/layout`, '{"version":2}')).toBe('ok');
    await waitUntil(async () => (await gateway.readyStatus()) === 503, 'the gateway is not ready');
    expect(await (await waiting).json()).toMatchObject({ messages: [] });
    await streamed;
    const nodes = await operator.walk(chroot);
    const refused = await fetch(`${jobs}/messages`, { method: 'POST', body: 'late' });
    expect([refused.status, (await fetch(`${gateway.url}/livez`)).status]).toEqual([503, 200]);

    expect(await operator.set(`${chroot}/layout`, '{"version":1}')).toBe('ok');
    expect((await fetch(`${jobs}/messages`, { method: 'POST', body: 'later' })).status).toBe(503);
    expect(await operator.walk(chroot)).toEqual(nodes);
    expect(gateway.output.match(/"level":50.*/g)).toEqual([expect.stringContaining('"found":2,"known":1')]);
    expect((await gateway.stop()).code).toBe(0);
  } finally {
    await gateway.kill();
  }
  const again = await GatewayProcess.start({ zooKeeper: server.address + chroot });
  expect((await fetch(`${again.url}/v1/queues/jobs/messages`, { method: 'POST', body: 'on' })).status).toBe(
    201,
  );
  await again.kill();
});
