/** An order holds over all levels of priority, and whoever gives out messages: gateways do not see each other's pages. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  createQueue,
  EngineCluster,
  jobs,
  receive,
  settle,
  staying,
  textMessage,
} from '../../../support/engine-fixture.ts';

let cluster: EngineCluster;
afterEach(() => cluster.close());

describe.each(['strict', 'group'] as const)('ordering: %s, with several priorities', (ordering) => {
  it('what is leased at one gateway blocks a higher level at another that has not seen it', async () => {
    cluster = new EngineCluster();
    const [one, other] = [await cluster.start(), await cluster.start()];
    await createQueue(one.broker, { ordering, priorities: 2 });
    // Both have seen that there is nothing in flight.
    for (const { broker } of [one, other]) expect(await receive(broker)).toEqual([]);
    const put = (broker: typeof one.broker, text: string, priority: number) =>
      broker.publish(jobs, [textMessage(text, { priority, group: 'g' })], staying());

    await put(one.broker, 'low', 0);
    const [low] = await receive(one.broker);
    await put(other.broker, 'high', 1);
    expect(await receive(other.broker)).toEqual([]);
    expect(await receive(one.broker)).toEqual([]);

    expect(await settle(other.broker, { kind: 'ack' }, low?.receipt ?? '')).toEqual(['ok']);
    expect((await receive(other.broker)).map(({ body }) => body.toString())).toEqual(['high']);
    expect(await receive(one.broker)).toEqual([]);
  });
});
