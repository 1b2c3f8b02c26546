/** What the system knows of a process, and ZooKeeper of itself. */
import { readdir, readFile } from 'node:fs/promises';
import type { ZooKeeperServer } from '../test/support/zookeeper-server.ts';

const bytesPerKibibyte = 1024;

/** Memory that a process has in use, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * bytesPerKibibyte;
}

/** Files, sockets and the like that a process has open. */
export async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

export interface ServerMeasures {
  readonly nodes: number;
  readonly watches: number;
  readonly averageLatencyMs: number;
  readonly outstanding: number;
}

/** Of one server; its watches are those of its own clients. */
export async function serverMeasures(server: ZooKeeperServer): Promise<ServerMeasures> {
  return parseMonitor(await server.command('mntr'));
}

/** The answer to `mntr`. Pure. */
export function parseMonitor(text: string): ServerMeasures {
  const numberOf = (name: string) => Number(new RegExp(`^${name}\\t(\\S+)$`, 'm').exec(text)?.[1]);
  return {
    nodes: numberOf('zk_znode_count'),
    watches: numberOf('zk_watch_count'),
    averageLatencyMs: numberOf('zk_avg_latency'),
    outstanding: numberOf('zk_outstanding_requests'),
  };
}
