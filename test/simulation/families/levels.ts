/**
 * A queue whose configuration changes all the time: priorities up and down, limits on and off. One gateway looks away
 * meanwhile; what is there in the end is given out by it as well.
 */
import type { QueueConfig } from '../../../src/queue/index.ts';
import { Client } from '../client.ts';
import { PLAIN_QUEUE } from '../scenario.ts';
import type { Family } from './family.ts';

const QUEUE = { kind: 'queue', name: 'tiers' } as const;
const REST_MS = 30_000;

export const levels: Family = {
  name: 'levels',
  cluster: (chance) => ({
    gateways: chance.pick([2, 3]),
    faults: chance.pick([0, 0, 2]),
    thinkMs: chance.pick([2, 10]),
  }),
  stage: (world) => {
    const operator = new Client(world, 'the operator');
    const ordering = operator.chance.pick(['none', 'none', 'group', 'strict'] as const);
    const [idle, ...busy] = world.gateways;
    /** How often it does look. */
    const looks = operator.chance.pick([0, 0, 0.1]);
    let config: QueueConfig = { ...PLAIN_QUEUE, ordering, priorities: operator.chance.pick([1, 2, 3]) };
    const reconfigure = async (priorities: number) => {
      const { chance } = operator;
      const maxMessages = chance.happens(0.3) ? 1 + chance.below(8) : undefined;
      const next = { ...config, priorities, maxMessages };
      const { answer } = await world.ask(
        operator.chance.pick(busy),
        (broker, call) => broker.put(QUEUE, next, {}, call),
        { name: 'configuring' },
      );
      if (answer.kind !== 'refused') config = next;
    };
    const publish = async (client: Client) => {
      for (let step = 0; step < 25; step += 1) {
        await client.next();
        const priority = client.chance.below(config.priorities);
        const draft = { key: client.newKey(), attributes: {}, priority, group: client.name };
        await client.publish(QUEUE, [draft], client.chance.pick(busy));
      }
    };
    const consume = async (client: Client) => {
      for (let step = 0; step < 15; step += 1) {
        await client.next();
        const gateway = client.chance.happens(looks) ? idle : client.chance.pick(busy);
        const request = { max: 3, waitSeconds: 0.05, leaseSeconds: 1 };
        const messages = await client.receive(QUEUE, request, gateway);
        const receipts = messages.map(({ receipt }) => receipt);
        if (receipts.length > 0 && client.chance.happens(0.7))
          await client.settle(QUEUE, { kind: 'ack' }, receipts);
      }
    };
    return {
      prepare: async () => {
        await operator.make(QUEUE, config);
        await operator.receive(QUEUE, {}, idle);
      },
      clients: () => [
        ...['one', 'two'].map((name) => publish(new Client(world, name))),
        consume(new Client(world, 'consumer')),
        (async () => {
          for (let step = 0; step < 6; step += 1) {
            await world.time.sleep(operator.chance.around(8 * world.scenario.thinkMs));
            await reconfigure(1 + operator.chance.below(4));
          }
          await reconfigure(operator.chance.pick([1, 2]));
        })(),
      ],
      end: async () => {
        await world.time.sleep(REST_MS);
        const count = async () =>
          (await operator.must('statistics', (broker, call) => broker.get(QUEUE, call), busy[0])).stats
            .messages;
        const before = await count();
        const taken = await operator.takeAll(QUEUE, idle);
        const after = await count();
        if (after === 0 && taken.length === before) return [];
        return [
          `of ${before} messages the gateway that had looked away gave ${taken.length}, and ${after} are left`,
        ];
      },
    };
  },
};
