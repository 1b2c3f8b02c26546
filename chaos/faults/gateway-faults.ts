/** What happens to gateways. */
import type { Cluster } from '../cluster.ts';
import { type Fault, nothingToHeal } from '../fault.ts';
import { pickOne } from '../seeded-random.ts';

export const gatewayKilled: Fault = {
  name: 'gateway-killed',
  about: 'a gateway is killed (SIGKILL) and started again later',
  lastsMs: [2_000, 4_000],
  async inject({ gateways }, random) {
    const gateway = pickOne(gateways, random);
    await gateway.kill();
    return { what: gateway.name, heal: async () => gateway.launch() };
  },
};

export const gatewayFrozen: Fault = {
  name: 'gateway-frozen',
  about: 'a gateway stands still (SIGSTOP) for longer than the session timeout, and goes on',
  lastsMs: [5_000, 7_000],
  async inject({ gateways }, random) {
    const gateway = pickOne(gateways, random);
    gateway.process.pause();
    return { what: gateway.name, heal: async () => gateway.process.resume() };
  },
};

export const sessionExpired: Fault = {
  name: 'session-expired',
  about: "a gateway's session is ended behind its back",
  lastsMs: [500, 1_000],
  async inject({ gateways }, random) {
    const gateway = pickOne(gateways, random);
    const used = gateway.links.find(({ connectionCount }) => connectionCount > 0);
    if (used === undefined) throw new Error(`${gateway.name} is not connected`);
    // It would take its session back through another link before that is closed.
    for (const link of gateway.links) link.isSilent = true;
    await used.expireSession();
    for (const link of gateway.links) {
      link.isSilent = false;
      link.cut();
    }
    return { what: gateway.name, heal: nothingToHeal };
  },
};

export const clockJumps: Fault = {
  name: 'clock-jumps',
  about: "a gateway's wall clock jumps by ten minutes (others are off by +7 and -5 minutes all the time)",
  lastsMs: [1_000, 2_000],
  async inject({ gateways }, random) {
    const gateway = pickOne(gateways, random);
    gateway.process.signal('SIGWINCH');
    return { what: gateway.name, heal: async () => gateway.process.signal('SIGWINCH') };
  },
};

export const gatewaysRolling: Fault = {
  name: 'gateways-rolling',
  about: 'each gateway in turn is stopped (SIGTERM), ends with code 0, and is started again',
  lastsMs: [0, 0],
  async inject({ gateways }: Cluster) {
    for (const gateway of gateways) {
      await gateway.stop();
      gateway.launch();
      await gateway.whenReady();
    }
    return { what: 'all gateways', heal: nothingToHeal };
  },
};
