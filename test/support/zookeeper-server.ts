/**
 * Real ZooKeeper servers for tests: one alone, or an ensemble, each in a directory of its own that goes with it.
 *
 * They keep their port and data through `kill` and `restart`, so that a client can find them again. Ticks are short,
 * so that sessions of a second or two are granted; writes reach the disk before they are acknowledged.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findZooKeeper, zooKeeperArguments } from '../../scripts/zookeeper-installation.mjs';

const tickMs = 200;
const startTimeoutMs = 30_000;
const heapMegabytesDefault = 128;

interface Member {
  readonly id: number;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly electionPort: number;
}

export class ZooKeeperServer {
  readonly port: number;
  readonly #directory: string;
  readonly #heapMegabytes: number;
  #process: ChildProcess | undefined;

  constructor(port: number, directory: string, heapMegabytes: number) {
    this.#heapMegabytes = heapMegabytes;
    this.port = port;
    this.#directory = directory;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Starts the process; `whenServing` tells when it answers. */
  launch(): void {
    const installation = findZooKeeper();
    const configFile = join(this.#directory, 'zoo.cfg');
    const args = zooKeeperArguments(installation, { configFile, heapMegabytes: this.#heapMegabytes });
    const java = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...args];
    const log = openSync(join(this.#directory, 'server.log'), 'a');
    const child = spawn(installation.java, java, { cwd: this.#directory, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = child;
    child.once('exit', () => {
      if (this.#process === child) this.#process = undefined;
    });
  }

  async whenServing(): Promise<void> {
    const deadline = Date.now() + startTimeoutMs;
    while (!(await this.command('srvr')).includes('Mode:')) {
      if (Date.now() > deadline) throw new Error(`${this.address} does not serve:\n${await this.#log()}`);
      if (!this.#process) throw new Error(`${this.address} has ended:\n${await this.#log()}`);
      await delay(50);
    }
  }

  /** Answer to a four-letter command; empty when there is none. */
  async command(word: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    socket.setTimeout(1_000, () => socket.destroy());
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString();
    });
    socket.on('error', () => {});
    socket.write(word);
    await once(socket, 'close').catch(() => {});
    return answer;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get dataDirectory(): string {
    return join(this.#directory, 'data');
  }

  /** Its part in the ensemble; undefined when it does not serve. */
  async role(): Promise<'leader' | 'follower' | 'standalone' | undefined> {
    const mode = /Mode: (leader|follower|standalone)/.exec(await this.command('srvr'))?.[1];
    return mode as 'leader' | 'follower' | 'standalone' | undefined;
  }

  /** Nodes in its tree. */
  async nodeCount(): Promise<number> {
    return Number(/Node count: (\d+)/.exec(await this.command('srvr'))?.[1]);
  }

  /** As a crash, or as an operator would do it: with SIGTERM. */
  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async restart(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    await this.kill(signal);
    this.launch();
    await this.whenServing();
  }

  /** Forgets everything, as when the ensemble's data is lost. */
  async wipe(): Promise<void> {
    await this.kill();
    await rm(join(this.#directory, 'data', 'version-2'), { recursive: true, force: true });
  }

  /** The process stops in its tracks; the kernel goes on accepting connections for it. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  #log(): Promise<string> {
    return readFile(join(this.#directory, 'server.log'), 'utf8').catch(() => '(no log)');
  }
}

export interface ZooKeeperEnsemble {
  readonly servers: readonly ZooKeeperServer[];
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** One server alone, serving. `extraConfig` are lines for its zoo.cfg. */
export async function startZooKeeper(
  extraConfig: readonly string[] = [],
  heapMegabytes = heapMegabytesDefault,
): Promise<ZooKeeperServer> {
  const { servers } = await startEnsemble(1, extraConfig, undefined, undefined, heapMegabytes);
  const [server] = servers;
  if (!server) throw new Error('no server');
  return server;
}

/** Where a server finds another one's port for followers: for links between them that are not what they seem. */
export type PeerRoute = (viewerId: number, peerId: number, peerPort: number) => Promise<number>;

/**
 * An ensemble of `size` servers, all serving; the first has id 1.
 *
 * @param prepare is given each server's empty data directory before anything is in it
 */
export async function startEnsemble(
  size: number,
  extraConfig: readonly string[] = [],
  route: PeerRoute = async (_viewerId, _peerId, peerPort) => peerPort,
  prepare: (dataDirectory: string, id: number) => Promise<void> = async () => {},
  heapMegabytes = heapMegabytesDefault,
): Promise<ZooKeeperEnsemble> {
  const ports = await freePorts(size * 3);
  const members: Member[] = Array.from({ length: size }, (_, index) => {
    const [clientPort = 0, peerPort = 0, electionPort = 0] = ports.slice(index * 3);
    return { id: index + 1, clientPort, peerPort, electionPort };
  });
  const servers = await Promise.all(
    members.map((member) => prepareServer(member, members, extraConfig, route, prepare, heapMegabytes)),
  );
  for (const server of servers) server.launch();
  await Promise.all(servers.map((server) => server.whenServing()));
  return {
    servers,
    connectionString: servers.map((server) => server.address).join(','),
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

async function prepareServer(
  member: Member,
  members: readonly Member[],
  extraConfig: readonly string[],
  route: PeerRoute,
  prepare: (dataDirectory: string, id: number) => Promise<void>,
  heapMegabytes: number,
): Promise<ZooKeeperServer> {
  const directory = await mkdtemp(join(tmpdir(), 'zoogate-zookeeper-'));
  const dataDirectory = join(directory, 'data');
  await mkdir(dataDirectory);
  await prepare(dataDirectory, member.id);
  const lines = [
    `dataDir=${dataDirectory}`,
    `clientPort=${member.clientPort}`,
    'clientPortAddress=127.0.0.1',
    `tickTime=${tickMs}`,
    'maxSessionTimeout=120000',
    'initLimit=50',
    'syncLimit=25',
    'maxClientCnxns=0',
    'admin.enableServer=false',
    '4lw.commands.whitelist=*',
    'preAllocSize=1024',
    ...extraConfig,
  ];
  if (members.length > 1) {
    await writeFile(join(dataDirectory, 'myid'), `${member.id}`);
    for (const each of members) {
      const peerPort = each === member ? each.peerPort : await route(member.id, each.id, each.peerPort);
      lines.push(`server.${each.id}=127.0.0.1:${peerPort}:${each.electionPort}`);
    }
  }
  await writeFile(join(directory, 'zoo.cfg'), `${lines.join('\n')}\n`);
  return new ZooKeeperServer(member.clientPort, directory, heapMegabytes);
}

/** Ports that are free now, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const holders = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(holders.map((holder) => once(holder, 'listening')));
  const ports = holders.map((holder) => {
    const address = holder.address();
    return typeof address === 'object' && address ? address.port : 0;
  });
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}
