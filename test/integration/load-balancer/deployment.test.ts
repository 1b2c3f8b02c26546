/**
 * Three real gateways behind nginx with `deploy/nginx.conf`. Everything between nginx and a gateway is recorded, so
 * that it is known how often each request was sent; between a gateway and the ensemble there is a link of its own.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NginxServer } from '../../../chaos/nginx-server.ts';
import { findNginx } from '../../../scripts/nginx-installation.mjs';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { type LocalGateway, startLocalGateway } from '../../support/local-gateway.ts';
import { metricValue, parseMetrics } from '../../support/metrics-text.ts';
import { startProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { freePorts, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

/** Long enough for a machine that is busy: a receive that ends with it is said to have an unknown outcome. */
const requestTimeoutMs = 3_000;
const publishers = 6;

/** A gateway, the link that nginx reaches it by, and the one that it reaches the ensemble by. */
interface Place {
  readonly entry: TcpProxy;
  readonly link: TcpProxy;
  gateway: GatewayProcess;
}

interface Published {
  readonly key: string;
  readonly status: number;
  /** By the order of events. */
  readonly sentAt: number;
  readonly answeredAt: number;
}

describe.skipIf(findNginx() === undefined)('three gateways behind nginx', { timeout: 90_000 }, () => {
  const chroot = `/balanced-${randomUUID()}`;
  let server: ZooKeeperServer;
  let nginx: NginxServer;
  /** The same without the links, which take connections when the gateway behind does not. */
  let direct: NginxServer;
  let places: Place[] = [];
  /** Before a gateway that nothing happens to, so that a long poll can go on beside the other tests. */
  let quiet: { readonly gateway: LocalGateway; readonly nginx: NginxServer };
  let poll: Promise<{ status: number; body: unknown }>;
  /** How often each key has passed from nginx to a gateway. */
  const sent = new Map<string, number>();
  let events = 0;

  beforeAll(async () => {
    server = await startZooKeeper();
    const [port = 0, directPort = 0, ...ports] = await freePorts(5);
    places = await Promise.all(ports.map(startPlace));
    const entries = places.map(({ entry }) => entry.port);
    nginx = await NginxServer.start(port, entries);
    direct = await NginxServer.start(directPort, ports);
    await Promise.all(places.map(({ gateway }) => gateway.whenReady()));
    await beginPoll();
    expect((await fetch(`${nginx.url}/v1/queues/orders`, { method: 'PUT' })).status).toBe(201);
  });
  afterAll(async () => {
    await Promise.all(places.map(({ gateway }) => gateway.kill()));
    await Promise.all([nginx.stop(), direct.stop(), quiet.nginx.stop(), quiet.gateway.close()]);
    await Promise.all(places.flatMap(({ entry, link }) => [entry.close(), link.close()]));
    await server.stop();
  });

  async function beginPoll(): Promise<void> {
    const gateway = await startLocalGateway(`${server.address}/quiet-${randomUUID()}`);
    await gateway.whenReady();
    const { port } = new URL(gateway.url);
    const [nginxPort = 0] = await freePorts(1);
    quiet = { gateway, nginx: await NginxServer.start(nginxPort, Array(3).fill(port)) };
    const idle = `${quiet.nginx.url}/v1/queues/idle`;
    expect((await fetch(idle, { method: 'PUT' })).status).toBe(201);
    poll = fetch(`${idle}/messages/receive?waitSeconds=50`, { method: 'POST' }).then(async (answer) => ({
      status: answer.status,
      body: await answer.json(),
    }));
  }

  async function startPlace(port: number): Promise<Place> {
    const link = await startProxy(server.port);
    const gateway = launch(port, link);
    const entry = await startProxy(port, 'bytes');
    const keys = /key-[0-9a-f-]{36}/g;
    entry.onBytes = (direction, bytes) => {
      if (direction === 'toClient') return;
      // A key stands at the head of its request: it is never cut in two.
      for (const [key] of bytes.toString('latin1').matchAll(keys)) sent.set(key, (sent.get(key) ?? 0) + 1);
    };
    return { entry, link, gateway };
  }

  function launch(port: number, link: TcpProxy): GatewayProcess {
    const variables = {
      ZOOGATE_PORT: String(port),
      ZOOGATE_SESSION_TIMEOUT_MS: '6000',
      ZOOGATE_REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
    };
    return new GatewayProcess({ zooKeeper: link.address + chroot, variables });
  }

  /** Publishes through nginx without a pause until told to stop; answers what became of it. */
  function startPublishing({ url }: NginxServer): { stop(): Promise<Published[]>; count(): number } {
    const published: Published[] = [];
    let isRunning = true;
    const publish = async () => {
      while (isRunning) {
        const key = `key-${randomUUID()}`;
        events += 1;
        const sentAt = events;
        const answer = await fetch(`${url}/v1/queues/orders/messages`, {
          method: 'POST',
          headers: { 'x-request-id': key, 'content-type': 'text/plain' },
          body: key.slice(4),
        });
        await answer.arrayBuffer();
        events += 1;
        published.push({ key, status: answer.status, sentAt, answeredAt: events });
      }
    };
    const running = Promise.all(Array.from({ length: publishers }, publish));
    return {
      count: () => published.length,
      async stop() {
        isRunning = false;
        await running;
        return published;
      },
    };
  }

  /** Keys of everything in the queue, which is empty afterwards. */
  async function takeAll(): Promise<string[]> {
    const keys: string[] = [];
    for (;;) {
      const path = `${nginx.url}/v1/queues/orders/messages/receive?max=1000&autoAck=true`;
      const answer = await fetch(path, { method: 'POST' });
      expect(answer.status).toBe(200);
      const { messages } = (await answer.json()) as { messages: { body: string }[] };
      if (messages.length === 0) return keys;
      keys.push(...messages.map(({ body }) => `key-${body}`));
    }
  }

  async function expectEachStoredOnce(published: readonly Published[]): Promise<void> {
    const stored = await takeAll();
    expect(new Set(stored).size).toBe(stored.length);
    const has = new Set(stored);
    for (const { key, status } of published) {
      if (status === 201) expect(has.has(key), key).toBe(true);
      else expect([key, status]).toEqual([key, 504]);
    }
  }

  function placeAt(index: number): Place {
    const place = places[index];
    if (place === undefined) throw new Error('there are three gateways');
    return place;
  }

  async function more(publishing: { count(): number }, count: number): Promise<void> {
    const goal = publishing.count() + count;
    await waitUntil(() => publishing.count() >= goal, `${count} more are published`);
  }

  test('a gateway that is cut off from the ensemble costs no request that was sent after it was', async () => {
    const { link, gateway } = placeAt(0);
    const publishing = startPublishing(nginx);
    await more(publishing, 100);
    link.isClosed = true;
    link.cut();
    const cutAt = events;
    const isCutOff = async () => {
      const answer = await fetch(`${gateway.url}/v1/queues/orders`);
      return ((await answer.json()) as { detail?: string }).detail?.includes('cut off') === true;
    };
    await waitUntil(isCutOff, 'it refuses requests at once');
    await more(publishing, 200);
    expect(await gateway.readyStatus()).toBe(503);
    link.isClosed = false;
    await gateway.whenReady();
    await more(publishing, 50);
    const published = await publishing.stop();
    const failed = published.filter(({ status }) => status !== 201);
    // What it had written when its connection went, and could not look for in time.
    expect(failed.every(({ status, sentAt }) => status === 504 && sentAt <= cutAt)).toBe(true);
    expect(failed.length).toBeLessThanOrEqual(publishers);
    await expectEachStoredOnce(published);
  });

  test('gateways that are killed in the middle of requests: none of these is ever sent again', async () => {
    const publishing = startPublishing(nginx);
    for (const index of [0, 1, 2]) {
      await more(publishing, 100);
      const place = placeAt(index);
      const killed = place.gateway.kill();
      await place.entry.refuse();
      await killed;
      await more(publishing, 100);
      place.gateway = launch(place.entry.targetPort, place.link);
      await place.gateway.whenReady();
      await place.entry.accept();
    }
    await more(publishing, 100);
    const published = await publishing.stop();
    expect(published.filter(({ status }) => status === 504).length).toBeLessThanOrEqual(3 * publishers);
    for (const { key, status } of published) {
      const times = sent.get(key) ?? 0;
      // One that was lost may have been on its way still.
      expect(status === 504 ? [0, 1] : [1], key).toContain(times);
    }
    await expectEachStoredOnce(published);
  });

  test('gateways that are restarted in turn: no request fails', async () => {
    const publishing = startPublishing(direct);
    for (const index of [0, 1, 2]) {
      const place = placeAt(index);
      await more(publishing, 100);
      const ending = place.gateway.stop();
      await waitUntil(async () => (await place.gateway.readyStatus()) !== 200, 'it drains');
      expect(await ending).toEqual({ code: 0, signal: null });
      place.gateway = launch(place.entry.targetPort, place.link);
      await place.gateway.whenReady();
    }
    await more(publishing, 100);
    const published = await publishing.stop();
    expect(published.filter(({ status }) => status !== 201)).toEqual([]);
    await expectEachStoredOnce(published);
  });

  test('a receive waits its 50 seconds through it, and is answered with nothing', async () => {
    expect(await poll).toEqual({ status: 200, body: { messages: [] } });
    const metrics = parseMetrics(await (await fetch(`${quiet.gateway.url}/metrics`)).text());
    expect(metricValue(metrics, 'zoogate_receive_wait_seconds_count')).toBe(1);
    expect(metricValue(metrics, 'zoogate_receive_wait_seconds_sum')).toBeGreaterThan(49);
  });
});
