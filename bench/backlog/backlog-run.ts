/** A queue that is filled, looked at by a gateway that has never seen it, and emptied; measured in tenths. */
import { residentBytes } from '../../chaos/process-measures.ts';
import { httpQueue } from '../clients/http-queue.ts';
import { expectStatus, HttpConnection } from '../load/http-connection.ts';
import type { StoreCounts } from '../peer.ts';
import { type Gateway, startGateway } from '../peers/zoogate.ts';
import { MeasuredServer } from '../sizing/measured-server.ts';
import { drain, fill, type Manner } from '../sizing/queueing.ts';

const queue = 'backlog';
const manner: Manner = { title: 'singly', producers: 64, batch: 1 };
const body = 'x'.repeat(256);
const parts = 10;
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
  signal: AbortSignal,
): Promise<BacklogResult> {
  const server = await MeasuredServer.start(directory);
  // So large a limit that all fits; none at all would leave the nodes uncounted.
  const gateway = await startGateway(server.address, { ZOOGATE_MAX_DATA_BYTES: String(10 ** 12) });
  try {
    const client = await httpQueue.connect({ addresses: [gateway.url] });
    await client.create([queue]);
    const publish = (count: number) => fill(client, queue, manner, body, count, signal);
    const receive = (count: number) => drain(client, queue, manner, count, signal);
    await publish(warmUpMessages);
    await receive(warmUpMessages);
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
      () => publish(size),
    );
    const full = await server.read();
    const fresh = await startGateway(server.address);
    const { firstReceiveMs, statistics } = await firstLooks(fresh).finally(() => fresh.stop());
    const received = await inParts(
      'received',
      (part) => messages - part * size,
      () => receive(size),
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
