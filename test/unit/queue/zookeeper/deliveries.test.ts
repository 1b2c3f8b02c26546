import { describe, expect, it } from 'vitest';
import { Deliveries } from '../../../../src/queue/zookeeper/deliveries.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('deliveries', () => {
  it('are at once for a reply while nothing waits', () => {
    const told: string[] = [];
    new Deliveries().reply(() => told.push('reply'));
    expect(told).toEqual(['reply']);
  });

  it('keep the order in which replies and events came, and let promises go on in between', async () => {
    const deliveries = new Deliveries();
    const told: string[] = [];
    const replied = async (name: string) => {
      await new Promise<void>((resolve) => deliveries.reply(resolve));
      await Promise.resolve();
      await Promise.resolve();
      told.push(name);
    };
    const answers = [replied('reply 1')];
    deliveries.event(() => told.push('event 1'));
    answers.push(replied('reply 2'), replied('reply 3'));
    deliveries.event(() => told.push('event 2'));
    answers.push(replied('reply 4'));
    await Promise.all(answers);
    await turn();
    expect(told).toEqual(['reply 1', 'event 1', 'reply 2', 'reply 3', 'event 2', 'reply 4']);
    deliveries.reply(() => told.push('at once again'));
    expect(told.at(-1)).toBe('at once again');
  });
});
