/** A queue that is filled, looked at by a gateway that has never seen it, and emptied; measured in tenths. */
import { residentBytes } from '../../chaos/process-measures.ts';
import type { Client } from '../client.ts';
import { httpQueue } from '../clients/http-queue.ts';
import { expectStatus, HttpConnection } from '../load/http-connection.ts';
import { messageBody } from '../load/message-body.ts';
import type { StoreCounts } from '../peer.ts';
import { type Gateway, startGateway } from '../peers/zoogate.ts';
import { MeasuredServer } from '../sizing/measured-server.ts';

const queue = 'backlog';
const clients = 64;
export const parts = 10;
const warmUpMessages = 20_000;

/** A tenth of the messages. */
export interface Part {
  /** In the queue as it began. */
  readonly queued: number;
  readonly perSecond: number;
  /** Of the gateway, when it ended. */
  readonly residentBytes: number;
}

export interface BacklogResult {
  readonly messages: number;
  readonly published: readonly Part[];
  readonly received: readonly Part[];
  /** Of the server's heap for each message. */
  readonly heapBytes: number;
  /** From a fresh gateway's first request to its answer. */
  readonly firstReceiveMs: number;
  readonly statistics: { readonly ms: number; readonly reads: number; readonly writes: number };
}

export async function runBacklog(
  directory: string,
  messages: number,
  report: (line: string) => void,
): Promise<BacklogResult> {
  const server = await MeasuredServer.start(directory);
  // So large a limit that all fits; none at all would leave the nodes uncounted.
  const gateway = await startGateway(server.address, { ZOOGATE_MAX_DATA_BYTES: String(10 ** 12) });
  try {
    const client = await httpQueue.connect({ addresses: [gateway.url] });
    await client.create([queue]);
    await publish(client, warmUpMessages);
    await receive(client, warmUpMessages);
    const empty = await server.read();
    const inParts = async (what: string, queuedAt: (part: number) => number, work: () => Promise<void>) => {
      const done: Part[] = [];
      for (let part = 0; part < parts; part += 1) {
        const startMs = performance.now();
        await work();
        const perSecond = messages / parts / ((performance.now() - startMs) / 1000);
        done.push({
          queued: queuedAt(part),
          perSecond,
          residentBytes: await residentBytes(gateway.process.pid),
        });
        report(`${what} ${part + 1} of ${parts}: ${Math.round(perSecond)} a second`);
      }
      return done;
    };
    const size = messages / parts;
    const published = await inParts(
      'published',
      (part) => part * size,
      () => publish(client, size),
    );
    const full = await server.read();
    const fresh = await startGateway(server.address);
    const { firstReceiveMs, statistics } = await firstLooks(fresh).finally(() => fresh.stop());
    const received = await inParts(
      'received',
      (part) => messages - part * size,
      () => receive(client, size),
    );
    const heapBytes = (full.heapBytes - empty.heapBytes) / messages;
    return { messages, published, received, heapBytes, firstReceiveMs, statistics };
  } finally {
    await gateway.stop();
    await server.stop();
  }
}

/** What somebody meets who comes to the queue through a gateway that has just been started. */
async function firstLooks(fresh: Gateway): Promise<Pick<BacklogResult, 'firstReceiveMs' | 'statistics'>> {
  const connection = await HttpConnection.open(fresh.url);
  const path = `/v1/queues/${queue}`;
  const receiveMs = performance.now();
  const answer = expectStatus(await connection.request('POST', `${path}/messages/receive`), 200);
  const firstReceiveMs = performance.now() - receiveMs;
  const [message] = (JSON.parse(answer) as { messages: readonly { receipt: string }[] }).messages;
  const nack = JSON.stringify({ receipts: [message?.receipt] });
  const json = 'Content-Type: application/json\r\n';
  expectStatus(await connection.request('POST', `${path}/messages/nack`, json, nack), 200);
  const before = await countersOf(fresh);
  const statisticsMs = performance.now();
  expectStatus(await connection.request('GET', path), 200);
  const ms = performance.now() - statisticsMs;
  const after = await countersOf(fresh);
  connection.close();
  const statistics = { ms, reads: after.reads - before.reads, writes: after.writes - before.writes };
  return { firstReceiveMs, statistics };
}

async function countersOf({ process: gateway }: Gateway): Promise<StoreCounts> {
  return ((await gateway.ask({})) as { counters: StoreCounts }).counters;
}

async function publish(client: Client, messages: number): Promise<void> {
  let left = messages;
  await forEachClient(async () => {
    const producer = await client.producer(0);
    while (left > 0) {
      left -= 1;
      await producer.publish(queue, [messageBody(performance.now())]);
    }
    await producer.close();
  });
}

async function receive(client: Client, messages: number): Promise<void> {
  let left = messages;
  await forEachClient(async () => {
    const consumer = await client.consumer(0);
    while (left > 0) {
      left -= 1;
      const received = await consumer.receive(queue, 1, []);
      left += 1 - received.length;
      if (received.length > 0) await consumer.ack(queue, received);
    }
    await consumer.close();
  });
}

async function forEachClient(work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: clients }, work));
}
