/** What befalls a cluster. Each fault begins at an instant, and whatever it changes is undone by itself or by `heal`. */
import type { Chance } from './chance.ts';
import type { SimulatedGateway } from './simulated-gateway.ts';
import type { Interference } from './simulated-store.ts';
import type { World } from './world.ts';

const CALM_DELAY_MS = 1;

type Fault = (world: World, gateway: SimulatedGateway, chance: Chance) => void;

export const FAULTS: Readonly<Record<string, Fault>> = {
  'a connection breaks': (_world, gateway, chance) => gateway.store?.disconnect(someTime(chance, 100)),
  'a connection breaks again and again': ({ time }, gateway, chance) => {
    for (let count = 0; count < 6; count += 1)
      time.after(chance.around(300), () => gateway.store?.disconnect(chance.around(30)));
  },
  'a session ends': (_world, gateway, chance) => gateway.store?.expire(someTime(chance, 100)),
  'a gateway dies': ({ time }, gateway, chance) => {
    gateway.crash();
    time.after(chance.around(300), () => gateway.start());
  },
  'a gateway dies at one of its next requests': ({ time }, gateway, chance) => {
    let left = 1 + chance.below(8);
    const { store } = gateway;
    if (store === undefined) return;
    const dying: Interference = () => {
      left -= 1;
      // Before the request arrives, after that, or between its taking effect and the answer; not once all is healed.
      if (left === 0)
        time.after(chance.around(2), () => {
          if (gateway.store === store && store.interfere === dying) gateway.crash();
        });
      return 'none';
    };
    store.interfere = dying;
    time.after(2_000, () => gateway.start());
  },
  'a connection breaks at one of the next requests': ({ time }, gateway, chance) => {
    let left = 1 + chance.below(8);
    const { store } = gateway;
    if (store === undefined) return;
    store.interfere = () => {
      left -= 1;
      if (left === 0) time.after(chance.around(2), () => store.disconnect(chance.around(30)));
      return 'none';
    };
  },
  'a gateway stands still': (_world, gateway, chance) => gateway.freeze(someTime(chance, 600)),
  'all gateways die': ({ time, gateways }, _gateway, chance) => {
    for (const gateway of gateways) {
      gateway.crash();
      time.after(chance.around(300), () => gateway.start());
    }
  },
  'the network is slow for one gateway': ({ time }, gateway, chance) => {
    const { store } = gateway;
    if (store === undefined) return;
    store.network.delayMs = chance.pick([10, 60, 300]);
    time.after(someTime(chance, 1_000), () => {
      store.network.delayMs = CALM_DELAY_MS;
    });
  },
  'nothing comes through for a while': ({ time }, gateway, chance) => {
    if (gateway.store) gateway.store.network.heldUntilMs = time.nowMs + someTime(chance, 500);
  },
  'the ensemble refuses some requests': (_world, gateway, chance) => {
    let left = 1 + chance.below(10);
    if (gateway.store === undefined) return;
    gateway.store.interfere = () => {
      left -= 1;
      return left >= 0 && chance.happens(0.5) ? 'refused' : 'none';
    };
  },
  'followers are far behind': ({ time, ensemble, scenario }, _gateway, chance) => {
    ensemble.lagMs = chance.pick([20, 100, 500]);
    time.after(someTime(chance, 1_000), () => {
      ensemble.lagMs = scenario.lagMs;
    });
  },
  'a follower stands still': ({ time, ensemble }, _gateway, chance) => {
    const server = chance.pick(ensemble.servers);
    if (!ensemble.isLeader(server)) server.stalledUntilMs = time.nowMs + someTime(chance, 1_000);
  },
  'a follower dies': (world, _gateway, chance) => {
    const server = chance.pick(world.ensemble.servers);
    const others = world.ensemble.servers.filter(({ up }) => up);
    if (world.ensemble.isLeader(server) || others.length < world.ensemble.servers.length) return;
    server.up = false;
    for (const { store } of world.gateways) if (store?.server === server) store.disconnect(chance.around(30));
    world.time.after(someTime(chance, 500), () => {
      server.up = true;
    });
  },
  'another server leads': (world, _gateway, chance) => {
    const { ensemble, time, gateways } = world;
    if (!ensemble.available) return;
    ensemble.loseLeader();
    for (const { store } of gateways) store?.disconnect(chance.around(30));
    time.after(someTime(chance, 300), () => {
      if (chance.happens(0.5)) ensemble.jumpClock(Math.round(chance.between(-3_000, 3_000)));
      ensemble.elect();
    });
  },
  "the leader's clock jumps": (world, _gateway, chance) => {
    world.ensemble.jumpClock(Math.round(chance.between(-2_000, 10_000)));
  },
};

export const FAULT_NAMES = Object.keys(FAULTS);

/** Lets so many faults come about in the run's busy time, or soon after. @returns their names, in order */
export function planFaults(world: World, count: number, withinMs: number): string[] {
  const chance = world.chance.derive('faults');
  const planned = Array.from({ length: count }, () => ({
    atMs: chance.between(0, withinMs),
    name: chance.pick(FAULT_NAMES),
  })).sort((a, b) => a.atMs - b.atMs);
  for (const { atMs, name } of planned) {
    world.time.after(atMs, () => FAULTS[name]?.(world, chance.pick(world.gateways), chance));
  }
  return planned.map(({ atMs, name }) => `${Math.round(atMs)} ms: ${name}`);
}

/** The cluster is as it should be from now on. */
export function heal(world: World): void {
  const { ensemble, gateways, scenario } = world;
  ensemble.lagMs = scenario.lagMs;
  for (const server of ensemble.servers) {
    server.up = true;
    server.stalledUntilMs = 0;
    server.catchUp();
  }
  if (!ensemble.available) ensemble.elect();
  for (const gateway of gateways) {
    gateway.start();
    const { store } = gateway;
    if (store === undefined) continue;
    store.network.delayMs = CALM_DELAY_MS;
    store.network.heldUntilMs = 0;
    store.interfere = () => 'none';
  }
}

/** Mostly short, sometimes so long that time limits are reached. */
function someTime(chance: Chance, mean: number): number {
  return chance.happens(0.8) ? chance.around(mean) : chance.between(mean, 5_000);
}
