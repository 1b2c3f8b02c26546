/**
 * Gateways at different distances from the ensemble, each with as many clients that publish a message to one queue, receive
 * one and ack it, again and again. None of them starves. Of two, each gets at least half of its share of all that is done.
 * Of three at three distances the farthest has two that it must be let in by, and now and then gets a little less: there
 * it is a quarter.
 */
import type { Broker, Call } from '../../../src/queue/index.ts';
import { textMessage } from '../../support/engine-fixture.ts';
import { Client } from '../client.ts';
import { PLAIN_QUEUE } from '../scenario.ts';
import type { SimulatedGateway } from '../simulated-gateway.ts';
import type { World } from '../world.ts';
import type { Family } from './family.ts';

const QUEUE = { kind: 'queue', name: 'shared' } as const;
/** Mean time that anything takes to the ensemble from nearby, and back. */
const NEAR_MS = 0.5;
/** What is added on the way there and back of the farthest; the first is near. */
const FAR_MS = [2, 5];
const CLIENTS = 16;
const MEASURED_MS = 3_000;

export const shares: Family = {
  name: 'shares',
  cluster: (chance) => ({
    gateways: chance.pick([2, 2, 3]),
    servers: 1,
    faults: 0,
    thinkMs: 5,
    segmentLimits: { entries: 1024, messages: 10_000, bytes: 1024 * 1024 },
  }),
  stage: (world) => {
    const chance = world.chance.derive('shares');
    const farMs = world.gateways.map((_, index) => (index === 0 ? 0 : chance.pick([...FAR_MS, 0])));
    if (Math.max(...farMs) === 0) farMs[1] = chance.pick(FAR_MS);
    const cycles = world.gateways.map(() => 0);
    return {
      prepare: async () => {
        await new Client(world, 'preparation').make(QUEUE, PLAIN_QUEUE);
        world.gateways.forEach(({ store }, index) => {
          if (store === undefined) return;
          store.network.delayMs = NEAR_MS;
          store.network.distanceMs = (farMs[index] ?? 0) / 2;
        });
      },
      clients: () => {
        const endMs = world.time.nowMs + MEASURED_MS;
        return world.gateways.flatMap((gateway, index) =>
          Array.from({ length: CLIENTS }, () =>
            cycle(world, gateway, endMs, () => {
              cycles[index] = (cycles[index] ?? 0) + 1;
            }),
          ),
        );
      },
      end: async () => unfairness(cycles, farMs),
    };
  },
};

async function cycle(
  world: World,
  gateway: SimulatedGateway,
  endMs: number,
  onDone: () => void,
): Promise<void> {
  const client = new Client(world, 'one of many');
  const ask = <Value>(act: (broker: Broker, call: Call) => Promise<Value>) =>
    client.must('a request of the cycle', act, gateway);
  const think = () => world.time.sleep(world.chance.around(world.scenario.thinkMs));
  while (world.time.nowMs < endMs) {
    await ask((broker, call) => broker.publish(QUEUE, [textMessage('x')], call));
    await think();
    const request = { max: 1, waitSeconds: 2, autoAck: false };
    const { messages } = await ask((broker, call) => broker.receive(QUEUE, request, call));
    await think();
    const receipts = messages.map(({ receipt }) => receipt);
    if (receipts.length > 0)
      await ask((broker, call) => broker.settle(QUEUE, { kind: 'ack' }, receipts, call));
    await think();
    if (world.time.nowMs < endMs && receipts.length > 0) onDone();
  }
}

function unfairness(cycles: readonly number[], farMs: readonly number[]): string[] {
  const share = cycles.reduce((sum, each) => sum + each, 0) / cycles.length;
  const least = cycles.length === 2 ? share / 2 : share / 4;
  return cycles.flatMap((each, index) =>
    each >= least
      ? []
      : [`the gateway ${farMs[index]} ms away was served ${each} times, of ${cycles.join(' + ')} in all`],
  );
}
