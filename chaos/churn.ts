/** Queues that are created, used and deleted by the thousand: nothing of them is left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { QueueClient } from '../test/support/queue-client.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { serverMeasures } from './process-measures.ts';

export interface ChurnOptions extends ClusterOptions {
  readonly churn: number;
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface ChurnResult {
  readonly verdict: 'clean' | 'violations';
  readonly violations: readonly string[];
  readonly queues: number;
  readonly nodesBefore: number;
  readonly nodesAfter: number;
}

const workers = 16;
const reportEach = 1_000;
/** What is in the trash is removed in bounded steps by those who put it there. */
const settleLimitMs = 120_000;
const secondsUnchanged = 5;

export async function runChurn(options: ChurnOptions): Promise<ChurnResult> {
  const { churn, report, signal } = options;
  const cluster = await Cluster.start(options);
  try {
    const urls = [cluster.nginx.url, ...cluster.gateways.map(({ url }) => url)];
    // The first queue makes what all have in common.
    await createAndDelete(urls[0] ?? '', 'churn-first');
    const nodesBefore = await settled(cluster);
    let next = 0;
    const work = async () => {
      while (next < churn && signal?.aborted !== true) {
        const number = next;
        next += 1;
        await createAndDelete(urls[number % urls.length] ?? '', `churn-${number}`);
        if (number % reportEach === 0) report(`${number} queues; ${await nodes(cluster)} nodes`);
      }
    };
    await Promise.all(Array.from({ length: workers }, work));
    const nodesAfter = await settled(cluster, nodesBefore);
    const isClean = nodesAfter <= nodesBefore;
    const left = `${nodesAfter - nodesBefore} nodes are left of ${next} queues`;
    return {
      verdict: isClean ? 'clean' : 'violations',
      violations: isClean ? [] : [left],
      queues: next,
      nodesBefore,
      nodesAfter,
    };
  } finally {
    await cluster.stop();
  }
}

/** With a message that is published, and one in two times received, so that there is something to remove. */
async function createAndDelete(url: string, name: string): Promise<void> {
  const client = new QueueClient(url, name);
  try {
    await client.create();
    await client.publish('a message');
    await client.receive({ autoAck: Math.random() < 0.5 });
    await client.delete();
  } finally {
    client.close();
  }
}

async function nodes(cluster: Cluster): Promise<number> {
  const counts = await Promise.all(cluster.servers.map(serverMeasures));
  return Math.max(...counts.map((count) => count.nodes));
}

/** The number of nodes, once it has not changed for a while and is no more than the goal. */
async function settled(cluster: Cluster, goal = Number.POSITIVE_INFINITY): Promise<number> {
  const endMs = performance.now() + settleLimitMs;
  let last = Number.NaN;
  for (let same = 0; ; ) {
    await sleep(1_000);
    const count = await nodes(cluster);
    same = count === last ? same + 1 : 0;
    last = count;
    if ((same >= secondsUnchanged && count <= goal) || performance.now() > endMs) return count;
  }
}
