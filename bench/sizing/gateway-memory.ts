/** What a gateway needs in memory: by itself, for what waits at it and for what is on its way, and under load. */
import { residentBytes } from '../../chaos/process-measures.ts';
import { metricValue, parseMetrics } from '../../test/support/metrics-text.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { httpQueue } from '../clients/http-queue.ts';
import { expectStatus, HttpConnection } from '../load/http-connection.ts';
import { type Gateway, startGateway } from '../peers/zoogate.ts';
import { MeasuredServer } from './measured-server.ts';
import { drain, fill, mannersOf } from './queueing.ts';

export interface GatewayMemory {
  readonly idleBytes: number;
  readonly bytesPerWaitingReceive: number;
  readonly bytesPerPublishUnderWay: number;
  /** Of the body of each such publish. */
  readonly publishBytes: number;
  /** Behind a load of single messages, and of batches of 100, published and received. */
  readonly loadedBytes: number;
}

const queue = 'sizing';
const publishBytes = 16_384;
const underWayMax = 1_000;
const loadMessages = 30_000;
/** Opened at a time, so that no connection waits in the kernel. */
const wave = 250;

export async function measureGatewayMemory(
  directory: string,
  waiting: number,
  signal: AbortSignal,
): Promise<GatewayMemory> {
  const server = await MeasuredServer.start(directory);
  try {
    signal.throwIfAborted();
    const idle = await onFreshGateway(server, async ({ process: { pid } }) => residentBytes(pid));
    const path = `/v1/queues/${queue}/messages`;
    const bytesPerWaitingReceive = await onFreshGateway(server, async (gateway) =>
      bytesEach(gateway, waiting, 'zoogate_receives_waiting', (connection) =>
        connection.request('POST', `${path}/receive?waitSeconds=50`),
      ),
    );
    const bytesPerPublishUnderWay = await onFreshGateway(server, async (gateway) => {
      const body = 'x'.repeat(publishBytes);
      // Without an answer from the ensemble they stay under way.
      process.kill(server.pid, 'SIGSTOP');
      try {
        return await bytesEach(gateway, underWayMax, 'zoogate_http_requests_in_progress', (connection) =>
          connection.request('POST', path, 'Content-Type: text/plain\r\n', body),
        );
      } finally {
        process.kill(server.pid, 'SIGCONT');
      }
    });
    const loadedBytes = await onFreshGateway(server, async (gateway) => {
      const client = await httpQueue.connect({ addresses: [gateway.url] });
      for (const manner of mannersOf(1_024).filter(({ messagesMax }) => messagesMax === undefined)) {
        await fill(client, queue, manner, 'x'.repeat(1_024), loadMessages, signal);
        await drain(client, queue, manner, loadMessages, signal);
      }
      return residentBytes(gateway.process.pid);
    });
    return { idleBytes: idle, bytesPerWaitingReceive, bytesPerPublishUnderWay, publishBytes, loadedBytes };
  } finally {
    await server.stop();
  }
}

/** With an empty queue that it has used. */
async function onFreshGateway<Value>(
  server: MeasuredServer,
  work: (gateway: Gateway) => Promise<Value>,
): Promise<Value> {
  const gateway = await startGateway(server.address);
  try {
    const connection = await HttpConnection.open(gateway.url);
    const path = `/v1/queues/${queue}`;
    const created = await connection.request('PUT', path);
    expectStatus(created, 200, 201);
    expectStatus(await connection.request('POST', `${path}/purge`), 204);
    connection.close();
    return await work(gateway);
  } finally {
    await gateway.stop();
  }
}

/** Opens so many connections with a request on each, and waits until the gateway counts as many. */
async function bytesEach(
  gateway: Gateway,
  count: number,
  metric: string,
  request: (connection: HttpConnection) => Promise<unknown>,
): Promise<number> {
  const before = await residentBytes(gateway.process.pid);
  const connections: HttpConnection[] = [];
  while (connections.length < count) {
    const size = Math.min(wave, count - connections.length);
    const opened = await Promise.all(Array.from({ length: size }, () => HttpConnection.open(gateway.url)));
    for (const connection of opened) request(connection).catch(() => {});
    connections.push(...opened);
  }
  const counted = async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return (metricValue(parseMetrics(text), metric) ?? 0) >= count;
  };
  await waitUntil(counted, `${count} requests are there`);
  const after = await residentBytes(gateway.process.pid);
  for (const connection of connections) connection.close();
  return (after - before) / count;
}
