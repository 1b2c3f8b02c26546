/** The ZooKeeper server that all peers share who need one: the one that `npm start` embeds, warmed up. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startEmbeddedZooKeeper } from '../../scripts/embedded-zookeeper.mjs';
import { findProcesses } from '../../scripts/processes.mjs';
import { findZooKeeper } from '../../scripts/zookeeper-installation.mjs';
import { RawZooKeeper } from './raw-zookeeper.ts';

/** Below which each peer has its own nodes; zoogate makes its own. */
const chroots = ['/naive', '/writes', '/kazoo', '/curator'];
const writesAtOnce = 32;
const bytes = Buffer.alloc(1024, 'x');

export interface WarmServer {
  readonly address: string;
  readonly pid: number;
  readonly origin: string;
  /** Writes of all clients so far, failed ones included; so are sessions that begin and end. */
  transactions(): Promise<number>;
  stop(): Promise<void>;
}

/** Java compiles what is used much: a server that has just started is half as fast as it will be. */
export async function startWarmServer(directory: string, warmUpMs: number): Promise<WarmServer> {
  const installation = findZooKeeper();
  const server = await startEmbeddedZooKeeper({ installation, directory });
  const address = `127.0.0.1:${server.port}`;
  const zooKeeper = await RawZooKeeper.connect(address);
  await Promise.all(chroots.map((path) => zooKeeper.create(path, Buffer.alloc(0))));
  await warmUp(zooKeeper, performance.now() + warmUpMs);
  zooKeeper.close();
  const [pid = 0] = findProcesses([join(directory, 'zoo.cfg')]);
  const transactions = async () => transactionCount(await ask(server.port, 'srvr'));
  return { address, pid, origin: installation.origin, transactions, stop: server.stop };
}

async function warmUp(zooKeeper: RawZooKeeper, endMs: number): Promise<void> {
  await zooKeeper.create('/warm-up', Buffer.alloc(0));
  await Promise.all(
    Array.from({ length: writesAtOnce }, async () => {
      while (performance.now() < endMs) {
        const path = await zooKeeper.create('/warm-up/node-', bytes, 'sequential');
        await zooKeeper.setData(path, bytes);
        await zooKeeper.getData(path);
        await zooKeeper.remove(path);
      }
    }),
  );
  await zooKeeper.remove('/warm-up');
}

/** From the answer to `srvr`: the epoch is in the upper half of the id. Pure. */
export function transactionCount(answer: string): number {
  const id = /^Zxid: (0x[0-9a-f]+)$/m.exec(answer)?.[1];
  if (id === undefined) throw new Error(`ZooKeeper answered ${JSON.stringify(answer.slice(0, 200))}`);
  return Number(BigInt(id) & 0xffff_ffffn);
}

async function ask(port: number, word: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  socket.write(word);
  await once(socket, 'close');
  return answer;
}
