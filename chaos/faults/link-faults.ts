/** What happens to the connections between gateways and the ensemble. */
import type { Fault } from '../fault.ts';
import { pickOne } from '../seeded-random.ts';

export const connectionsCut: Fault = {
  name: 'connections-cut',
  about: 'all connections of a gateway to the ensemble are ended, and new ones refused for a time',
  lastsMs: [500, 6_000],
  async inject({ gateways }, random) {
    const gateway = pickOne(gateways, random);
    for (const link of gateway.links) {
      link.isClosed = true;
      link.cut();
    }
    const heal = async () => {
      for (const link of gateway.links) link.isClosed = false;
    };
    return { what: gateway.name, heal };
  },
};

export const connectionsDelayed: Fault = {
  name: 'connections-delayed',
  about: 'all that goes between the gateways and the ensemble arrives 200 ms late, in each direction',
  lastsMs: [5_000, 8_000],
  async inject({ gateways }) {
    const links = gateways.flatMap((gateway) => gateway.links);
    for (const link of links) link.delayMs = 200;
    const heal = async () => {
      for (const link of links) link.delayMs = 0;
    };
    return { what: 'all gateways', heal };
  },
};

export const connectionsSwallowed: Fault = {
  name: 'connections-blackholed',
  about:
    "a gateway's connections stay open and new ones are accepted, but for longer than the session nothing passes",
  lastsMs: [6_000, 8_000],
  async inject({ gateways }, random) {
    const gateway = pickOne(gateways, random);
    for (const link of gateway.links) {
      link.isSilent = true;
      link.hold('toServer');
      link.hold('toClient');
    }
    // What was under way arrives after all, when its sender has given up long ago.
    const heal = async () => {
      for (const link of gateway.links) {
        link.isSilent = false;
        link.releaseLate();
      }
    };
    return { what: gateway.name, heal };
  },
};
