/** One queue after the other, each on a ZooKeeper server and a gateway of its own. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { httpQueue } from '../clients/http-queue.ts';
import { type Gateway, startGateway } from '../peers/zoogate.ts';
import { MeasuredServer } from './measured-server.ts';
import type { SizingOptions } from './options.ts';
import { drain, fill, type Manner, mannersOf } from './queueing.ts';

export interface Sizing {
  readonly bodyBytes: number;
  readonly manner: string;
  readonly messages: number;
  /** All that follows is for each message that is queued. */
  readonly heapBytes: number;
  readonly nodes: number;
  readonly dataBytes: number;
  readonly snapshotBytes: number;
  /** Of the transaction log for the publish alone, and for publish, receive and ack. */
  readonly publishLogBytes: number;
  readonly wholeLogBytes: number;
  /** Of the heap that is held when all of them are done with, for each that there was. */
  readonly leftHeapBytes: number;
}

const queue = 'sizing';

export async function measureSizes(
  options: SizingOptions,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<readonly Sizing[]> {
  const sizings: Sizing[] = [];
  for (const bodyBytes of options.bodyBytes)
    for (const manner of mannersOf(bodyBytes)) {
      if (signal.aborted) return sizings;
      const messages = Math.min(
        options.messagesMax,
        manner.messagesMax ?? Number.POSITIVE_INFINITY,
        Math.floor(options.totalBytesMax / bodyBytes),
      );
      report(`${messages} messages of ${bodyBytes} bytes, ${manner.title}`);
      const sizing = await inOwnDirectory((directory) =>
        measureOne(directory, bodyBytes, manner, messages, signal),
      );
      report(`  ${JSON.stringify(sizing)}`);
      sizings.push(sizing);
    }
  return sizings;
}

export async function inOwnDirectory<Value>(work: (directory: string) => Promise<Value>): Promise<Value> {
  const directory = await mkdtemp(join(tmpdir(), 'zoogate-sizing-'));
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureOne(
  directory: string,
  bodyBytes: number,
  manner: Manner,
  messages: number,
  signal: AbortSignal,
): Promise<Sizing> {
  const serverDirectory = join(directory, 'zookeeper');
  await mkdir(serverDirectory);
  const server = await MeasuredServer.start(serverDirectory);
  try {
    // So large a limit that all fits; none at all would leave the nodes uncounted.
    const gateway = await startGateway(server.address, { ZOOGATE_MAX_DATA_BYTES: String(10 ** 12) });
    try {
      return await measureOn(server, gateway, bodyBytes, manner, messages, signal);
    } finally {
      await gateway.stop();
    }
  } finally {
    await server.stop();
  }
}

async function measureOn(
  server: MeasuredServer,
  gateway: Gateway,
  bodyBytes: number,
  manner: Manner,
  messages: number,
  signal: AbortSignal,
): Promise<Sizing> {
  const client = await httpQueue.connect({ addresses: [gateway.url] });
  await client.create([queue]);
  // So that Java has loaded its classes, and the queue its nodes, before the first reading.
  await fill(client, queue, manner, 'warm-up', 500, signal);
  await drain(client, queue, manner, 500, signal);
  const before = await server.read();
  await fill(client, queue, manner, 'x'.repeat(bodyBytes), messages, signal);
  const full = await server.read();
  const snapshotBytes = await server.snapshotBytes();
  await gateway.whenReady();
  await drain(client, queue, manner, messages, signal);
  const after = await server.read();
  const perMessage = (bytes: number) => bytes / messages;
  return {
    bodyBytes,
    manner: manner.title,
    messages,
    heapBytes: perMessage(full.heapBytes - before.heapBytes),
    nodes: perMessage(full.nodes - before.nodes),
    dataBytes: perMessage(full.dataBytes - before.dataBytes),
    snapshotBytes: perMessage(snapshotBytes),
    publishLogBytes: perMessage(full.logBytes - before.logBytes),
    wholeLogBytes: perMessage(after.logBytes - before.logBytes),
    leftHeapBytes: perMessage(after.heapBytes - before.heapBytes),
  };
}
