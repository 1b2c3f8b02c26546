/** Queues that come and go at real gateways leave nothing at the server: no nodes, no watches. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { useGateways } from '../support/gateway-cluster.ts';
import { answerOf, QueueClient } from '../support/queue-client.ts';
import { waitUntil } from '../support/wait-until.ts';

const cluster = useGateways();

const queues = 300;
const atOnce = 8;
/** Of what both gateways have in common, and of what is on its way. */
const FEW = 20;

async function count(name: 'znode' | 'watch'): Promise<number> {
  const answer = await cluster.server.command('mntr');
  return Number(new RegExp(`zk_${name}_count\\s+(\\d+)`).exec(answer)?.[1]);
}

test(`${queues} queues, used at two gateways and deleted at one of them`, { timeout: 240_000 }, async () => {
  const gateways = await cluster.start(2);

  /** Created, waited at from both sides until both are answered, and deleted while somebody waits again. */
  const comeAndGo = async (number: number) => {
    const name = `queue-${randomUUID()}`;
    const clients = gateways.map(({ url }) => new QueueClient(url, name));
    try {
      const [one, other] = number % 2 === 0 ? clients : clients.toReversed();
      if (one === undefined || other === undefined) throw new Error('two gateways were started');
      await one.create(number % 3 === 0 ? { priorities: 3 } : {});
      const waiting = clients.map((client) => client.receive({ max: 1, autoAck: true, waitSeconds: 50 }));
      await one.publish('a');
      await other.publish('b');
      for (const answer of await Promise.all(waiting)) answerOf(answer);
      const last = clients.map((client) => client.receive({ waitSeconds: 50 }).catch(String));
      await one.delete();
      for (const answer of await Promise.all(last)) expect(answer).toContain('answer 404');
    } finally {
      for (const client of clients) client.close();
    }
  };
  const rounds = async (times: number) => {
    let next = 0;
    const work = async () => {
      while (next < times) {
        next += 1;
        await comeAndGo(next);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  };

  await rounds(atOnce);
  const [nodesBefore, watchesBefore] = [await count('znode'), await count('watch')];
  await rounds(queues);
  await waitUntil(async () => (await count('znode')) <= nodesBefore, 'their nodes are gone');
  await waitUntil(async () => (await count('watch')) <= watchesBefore + FEW, 'nothing is watched any more');
});
