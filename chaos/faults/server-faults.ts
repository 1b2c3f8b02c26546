/** What happens to the servers of the ensemble. */

import { becomesTrue } from '../../scripts/processes.mjs';
import type { ZooKeeperServer } from '../../test/support/zookeeper-server.ts';
import type { Cluster } from '../cluster.ts';
import { type Fault, type Injected, nothingToHeal } from '../fault.ts';
import { pickOne } from '../seeded-random.ts';

/** For a server without room to be seen to fail: it ends, or it serves nobody, or neither while little is written. */
const outOfRoomLimitMs = 20_000;
const recoveryLimitMs = 20_000;

export const followerKilled: Fault = {
  name: 'follower-killed',
  about: 'a follower is killed (SIGKILL) and started again later',
  lastsMs: [3_000, 5_000],
  inject: async (cluster, random) => kill(cluster, pickOne(await cluster.followers(), random)),
};

export const leaderKilled: Fault = {
  name: 'leader-killed',
  about: 'the leader is killed (SIGKILL) and started again later',
  // Longer than service may take to come back, which is to happen without it.
  lastsMs: [9_000, 10_000],
  inject: async (cluster) => kill(cluster, await cluster.leader()),
};

export const followerFrozen: Fault = {
  name: 'follower-frozen',
  about: 'a follower stands still (SIGSTOP) for longer than the session timeout, and goes on',
  lastsMs: [5_000, 7_000],
  inject: async (cluster, random) => freeze(cluster, pickOne(await cluster.followers(), random)),
};

export const leaderFrozen: Fault = {
  name: 'leader-frozen',
  about: 'the leader stands still (SIGSTOP) until another one has been elected and longer, and goes on',
  lastsMs: [9_000, 11_000],
  inject: async (cluster) => freeze(cluster, await cluster.leader()),
};

export const serversKilled: Fault = {
  name: 'servers-killed',
  about: 'all servers are killed at once (SIGKILL) and started again',
  lastsMs: [1_000, 2_000],
  async inject({ servers }) {
    await Promise.all(servers.map((server) => server.kill()));
    return { what: 'all servers', heal: async () => launch(servers) };
  },
};

export const everythingKilled: Fault = {
  name: 'everything-killed',
  about: 'all servers and all gateways are killed at once (SIGKILL) and started again, as after a power cut',
  lastsMs: [500, 1_500],
  async inject({ servers, gateways }) {
    await Promise.all([...servers, ...gateways].map((each) => each.kill()));
    const heal = async () => {
      launch(servers);
      for (const gateway of gateways) gateway.launch();
    };
    return { what: 'all servers and gateways', heal };
  },
};

export const serversRolling: Fault = {
  name: 'servers-rolling',
  about: 'each server in turn is stopped (SIGTERM) and started again, the leader last',
  lastsMs: [0, 0],
  async inject(cluster) {
    for (const server of [...(await cluster.followers()), await cluster.leader()]) {
      await server.restart('SIGTERM');
      await cluster.whenHealthy();
    }
    return { what: 'all servers', heal: nothingToHeal };
  },
};

export const diskFull: Fault = {
  name: 'disk-full',
  about:
    "the disk under one server's data is full until that server fails; then it is freed, and the server started",
  lastsMs: [1_000, 2_000],
  async inject(cluster) {
    const server = cluster.servers.at(-1);
    if (server === undefined) throw new Error('there are no servers');
    const wasLeader = (await cluster.leader()) === server;
    const how = await cluster.disk.fill(server);
    const serves = async () => (await server.role()) !== undefined;
    const hasFailed = await becomesTrue(async () => !server.isRunning || !(await serves()), outOfRoomLimitMs);
    const state = !server.isRunning ? 'ended' : hasFailed ? 'serves nobody' : 'still serves';
    const heal = async () => {
      await cluster.disk.free(server);
      if (server.isRunning && (await becomesTrue(serves, recoveryLimitMs))) return;
      await server.kill();
      // Nobody purges what a run of hours has written; the others have it all.
      if (await cluster.disk.isHalfFull()) await server.wipe();
      server.launch();
    };
    return { what: `${cluster.nameOf(server)}${wasLeader ? ', the leader' : ''}: ${how}, ${state}`, heal };
  },
};

async function kill(cluster: Cluster, server: ZooKeeperServer): Promise<Injected> {
  await server.kill();
  return { what: cluster.nameOf(server), heal: async () => server.launch() };
}

function freeze(cluster: Cluster, server: ZooKeeperServer): Injected {
  server.freeze();
  return { what: cluster.nameOf(server), heal: async () => server.thaw() };
}

function launch(servers: readonly ZooKeeperServer[]): void {
  for (const server of servers) server.launch();
}
