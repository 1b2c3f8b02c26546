import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { credentialLineFor } from '../support/credentials.ts';
import { startTestGateways, type TestGateways } from '../support/http-app.ts';
import { type Probe, probes } from '../support/probes.ts';
import { openSocket } from '../support/raw-http.ts';

const AT_ONCE = 25;
/** Far beyond what an answer takes on a busy machine: who has none by then hangs. */
const PATIENCE_MS = 60_000;

let gateways: TestGateways;
beforeAll(async () => {
  gateways = await startTestGateways();
});
afterAll(() => gateways.stop());

interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Answers with everything that comes back until the connection is closed. */
function ask({ bytes }: Probe): Promise<string> {
  return new Promise((resolve) => {
    const socket: Socket = openSocket(gateways.urls[0]);
    let received = '';
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
    });
    // The answer tells what became of it: a gateway may close before it has read all that makes no sense.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(received);
    });
    socket.write(Buffer.from(bytes, 'latin1'));
  });
}

function parsed(wire: string): Answer {
  const end = wire.indexOf('\r\n\r\n');
  const [start = '', ...lines] = wire.slice(0, end).split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { status: Number(start.split(' ')[1]), headers: new Map(headers), body: wire.slice(end + 4) };
}

/** What is wrong with the answer to a probe. */
function faultOf({ bytes }: Probe, wire: string): string | undefined {
  const { status, headers, body } = parsed(wire.replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, ''));
  if (!(status >= 200)) return `no answer: ${JSON.stringify(wire.slice(0, 80))}`;
  const isUnknownCoding = /^transfer-encoding:/im.test(bytes);
  if (status >= 500 && !(status === 501 && isUnknownCoding)) return `${status} ${body}`;
  if (!headers.has('x-request-id')) return `${status} without X-Request-Id`;
  if (status < 400 || bytes.startsWith('HEAD ')) return undefined;
  if (headers.get('content-type') !== 'application/problem+json') return `${status} is no problem`;
  if (body.length !== Number(headers.get('content-length'))) return `${status} with more behind it: ${body}`;
  return JSON.parse(body).status === status ? undefined : `${status} with another one in its body`;
}

it('a scanner with more than a thousand probes is answered each time, with problems, and meets no defect', async () => {
  const all = probes(credentialLineFor(gateways.urls[0]));
  expect(new Set(all.map(({ bytes }) => bytes)).size).toBeGreaterThan(1_000);
  const left = all[Symbol.iterator]();
  const faults: string[] = [];
  const scan = async (): Promise<void> => {
    for (const probe of left) {
      const fault = faultOf(probe, await ask(probe));
      if (fault !== undefined) faults.push(`${probe.name}: ${fault}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, scan));
  expect(faults).toEqual([]);
  await gateways.api.get('/readyz').expect(200);
}, 300_000);
