import { describe, expect, it, vi } from 'vitest';
import { takesPart } from '../../../bench/bench-run.ts';
import { machineSeconds, processSeconds } from '../../../bench/cpu-times.ts';
import { storeUse, usedCores } from '../../../bench/measurement.ts';
import { MemoryReadings, residentMiB } from '../../../bench/memory.ts';
import { summarize } from '../../../bench/page/summary.ts';
import { peers } from '../../../bench/peers/index.ts';
import { namedWorkloads, quickWorkloads, workloads } from '../../../bench/workloads.ts';
import { transactionCount } from '../../../bench/zookeeper/warm-server.ts';
import { measurement } from './measurement.ts';

describe('processor time', () => {
  it('of a process is read behind its name, whatever that is', () => {
    const stat = '42 (a (strange) name) S 1 42 42 0 -1 4194560 100 0 0 0 250 150 7 7 20 0 1 0 100';
    expect(processSeconds(stat)).toBe(4);
  });

  it('of the machine is all but idling and waiting', () => {
    expect(machineSeconds('cpu  100 200 300 9999 9999 10 20 5 0 0\ncpu0 1 1 1 1 1')).toBe(6.3);
  });

  it('is shared out between servers, the load generator and others', () => {
    const { load } = measurement();
    const cpu = usedCores(
      { ...load, seconds: 2, cpuSeconds: 0.5 },
      { processes: { server: 10 }, machine: 100 },
      { processes: { server: 11 }, machine: 102.5 },
    );
    expect(cpu).toEqual({ cores: { server: 0.5, load: 0.25 }, otherCores: 0.5 });
  });
});

describe('memory', () => {
  it('of a process is what is resident', () => {
    expect(residentMiB('Name:\tnode\nVmHWM:\t  9999 kB\nVmRSS:\t  3072 kB\n')).toBe(3);
    expect(residentMiB('')).toBeUndefined();
  });

  it('is read several times, of processes that are there', async () => {
    const readings = new MemoryReadings({ this: process.pid, none: 2 ** 30 }, 100);
    readings.start();
    await vi.waitFor(() => expect(readings.taken.this?.length).toBeGreaterThan(1));
    readings.stop();
    expect(Object.keys(readings.taken)).toEqual(['this']);
    expect(Math.min(...(readings.taken.this ?? []))).toBeGreaterThan(1);
  });
});

describe('requests to ZooKeeper', () => {
  const counts = (all: number) => ({ reads: all, writes: all, conflicts: all, bytesWritten: all });

  it('are those of the measured time, server by server', () => {
    expect(storeUse([counts(1), counts(2)], [counts(11), counts(22)])).toEqual({
      store: [counts(10), counts(20)],
    });
  });

  it('are counted by the server in the lower half of its last id', () => {
    const answer = 'Zookeeper version: 3.8.0\nZxid: 0x3000000ff\nMode: standalone\n';
    expect(transactionCount(answer)).toBe(255);
    expect(() => transactionCount('')).toThrow('ZooKeeper answered ""');
  });

  it('are left out where nobody counts them', () => {
    expect(storeUse(undefined, undefined)).toEqual({});
  });
});

describe('a summary', () => {
  it('is of all rounds of a peer and a workload', () => {
    const all = [
      measurement({ round: 1, acked: 100 }),
      measurement({ round: 1, peer: 'other', acked: 7 }),
      measurement({ round: 2, acked: 200 }),
      measurement({ round: 3, acked: 600 }),
    ];
    const summaries = summarize(all);
    expect(summaries.map(({ peer, rounds }) => [peer, rounds])).toEqual([
      ['zoogate', 3],
      ['other', 1],
    ]);
    expect(summaries[0]?.perSecond).toEqual({ median: 200, min: 100, max: 600 });
  });

  it('counts what a message costs, and the share of writes that were lost', () => {
    expect(summarize([measurement()])[0]?.store).toMatchObject({
      writes: { median: 2 },
      reads: { median: 1 },
      bytesWritten: { median: 300 },
      conflicts: { median: 0.5 },
    });
  });

  it('has no costs where they are not counted', () => {
    const { store: _store, ...uncounted } = measurement();
    expect(summarize([uncounted])[0]?.store).toBeUndefined();
    expect(summarize([uncounted])[0]?.transactions).toBeUndefined();
    expect(summarize([measurement({ transactions: 400 })])[0]?.transactions?.median).toBe(4);
  });
});

describe('peers and workloads', () => {
  it('have names of their own', () => {
    for (const named of [peers, workloads]) {
      const names = named.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('name none that there is not', () => {
    expect(namedWorkloads(quickWorkloads)).toHaveLength(quickWorkloads.length);
    const asked = workloads.flatMap((workload) => workload.peers ?? []);
    expect(asked.filter((name) => !peers.some((peer) => peer.name === name))).toEqual([]);
  });

  it('meet only where the peer can do what the workload asks', () => {
    const partsOf = (name: string) =>
      workloads.filter((workload) => peers.some((peer) => peer.name === name && takesPart(peer, workload)));
    expect(partsOf('zoogate')).toHaveLength(workloads.length);
    expect(partsOf('redis').map(({ name }) => name)).not.toContain('piggyback-16');
    expect(partsOf('redis').map(({ name }) => name)).not.toContain('gateways-2');
  });
});
