/** Duplicates that arrive at once at different gateways are one message. */
import { Agent, request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { credentialsFor } from '../support/credentials.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';

const pairs = 1_000;

interface Published {
  readonly id: string;
  readonly duplicate?: boolean;
}

let gateways: TestGateways;
const agent = new Agent({ keepAlive: true, noDelay: true });

beforeAll(async () => {
  gateways = await startTestGateways(2);
});
afterAll(async () => {
  agent.destroy();
  await gateways.stop();
});

/** Publishes one message with this dedupId at one of the gateways. */
async function publish(gateway: string, queue: string, dedupId: string): Promise<Published> {
  const payload = JSON.stringify({ messages: [{ body: `${dedupId} by way of ${gateway}`, dedupId }] });
  const { status, text } = await new Promise<{ status: number | undefined; text: string }>(
    (resolve, reject) => {
      const described = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(payload),
      };
      const headers = { ...credentialsFor(gateway), ...described };
      const request = httpRequest(`${gateway}${queue}/messages`, { method: 'POST', agent, headers });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }),
        );
      });
      request.end(payload);
    },
  );
  if (status !== 201) throw new Error(`the publish was answered ${status}: ${text}`);
  const { messages } = JSON.parse(text) as { messages: Published[] };
  const [message] = messages;
  if (message === undefined || messages.length !== 1) throw new Error(`one message was published: ${text}`);
  return message;
}

/** Has each dedupId published at all gateways at once. @returns the answers for each of them */
function publishEverywhere(queue: string, dedupIds: readonly string[]): Promise<Published[][]> {
  return Promise.all(
    dedupIds.map((dedupId, index) => {
      // Neither gateway is always the first to be asked.
      const urls = index % 2 === 0 ? gateways.urls : gateways.urls.toReversed();
      return Promise.all(urls.map((url) => publish(url, queue, dedupId)));
    }),
  );
}

function* chunks(size: number): Generator<string[]> {
  for (let start = 0; start < pairs; start += size) {
    yield Array.from({ length: size }, (_, index) => `order-${start + index}`);
  }
}

describe('two duplicates sent at once to two gateways', () => {
  test.each([5, 50])(
    'are always one message, a thousand times, %i pairs at a time',
    {
      timeout: 120_000,
    },
    async (size) => {
      const queue = await gateways.createQueue();
      const ids = new Set<string>();
      for (const dedupIds of chunks(size)) {
        for (const [index, answers] of (await publishEverywhere(queue, dedupIds)).entries()) {
          const [first, second] = answers;
          expect(second?.id, `the id of ${dedupIds[index]}`).toBe(first?.id);
          expect(answers.filter(({ duplicate }) => duplicate !== true)).toHaveLength(1);
          ids.add(first?.id ?? '');
        }
      }
      expect(ids.size).toBe(pairs);
      for (const url of gateways.urls) {
        const answer = (await (await fetch(url + queue, { headers: credentialsFor(url) })).json()) as {
          stats: object;
        };
        expect(answer.stats).toMatchObject({ messages: pairs, ready: pairs });
      }
    },
  );
});
