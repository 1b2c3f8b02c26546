/** A gateway process that speaks TLS itself. */
import { once } from 'node:events';
import { copyFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isReady } from '../../scripts/readiness.mjs';
import { certificateOf, makeCertificate } from '../support/certificates.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { openSocket } from '../support/raw-http.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

let server: ZooKeeperServer;
let directory: string;
let gateway: GatewayProcess;
let trusted: string;
const agents: Agent[] = [];
const sockets: TLSSocket[] = [];

const at = (name: string) => join(directory, name);
const inUse = () => ({ certificateFile: at('cert.pem'), keyFile: at('key.pem') });

beforeAll(async () => {
  server = await startZooKeeper();
});
afterAll(() => server.stop());

async function start(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'zoogate-tls-'));
  await makeCertificate(inUse());
  trusted = await certificateOf(inUse());
  gateway = new GatewayProcess({
    zooKeeper: `${server.address}/tls`,
    variables: { ZOOGATE_TLS_CERTIFICATE_FILE: at('cert.pem'), ZOOGATE_TLS_KEY_FILE: at('key.pem') },
  });
  await gateway.whenListening();
  await waitUntil(() => isReady(gateway.url), 'the gateway is ready');
}

afterEach(async () => {
  for (const agent of agents.splice(0)) agent.destroy();
  // A gateway that is killed resets what is still open.
  for (const socket of sockets.splice(0)) socket.destroy();
  await gateway.kill();
  await rm(directory, { recursive: true });
});

function keepAlive(): Agent {
  const agent = new Agent({ keepAlive: true, ca: trusted });
  agents.push(agent);
  return agent;
}

function ask(path: string, method = 'GET', agent = keepAlive()) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const sent = request(new URL(path, gateway.url), { method, agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      sent.once('error', reject).end();
    },
  );
}

async function handshake(options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(gateway.url).port),
    ca: trusted,
    ...options,
  });
  sockets.push(socket);
  await once(socket, 'secureConnect');
  return socket;
}

describe('a gateway with a certificate', () => {
  test('speaks HTTPS, TLS 1.2 or newer, and tells browsers to use nothing else', async () => {
    await start();
    expect(gateway.url).toMatch(/^https:/);
    const { status, headers } = await ask('/v1/queues/orders', 'PUT');
    expect([status, headers['strict-transport-security']]).toEqual([201, 'max-age=63072000']);
    expect((await ask('/nowhere')).headers['strict-transport-security']).toBe('max-age=63072000');
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await handshake({ minVersion: version, maxVersion: version });
      expect(socket.getProtocol()).toBe(version);
      socket.destroy();
    }
    // The client would refuse it itself at its usual level of security.
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await expect(handshake(old)).rejects.toThrow();
    // Not because nobody was there.
    expect((await ask('/livez')).status).toBe(200);
  });

  test('takes another one without a restart, and none that does not fit', async () => {
    await start();
    const open = keepAlive();
    expect((await ask('/livez', 'GET', open)).status).toBe(200);
    const before = (await handshake({})).getPeerCertificate().fingerprint256;

    await writeFile(at('cert.pem'), 'no certificate');
    await waitUntil(() => gateway.output.includes('the new certificate is refused'), 'it is refused');
    expect((await handshake({})).getPeerCertificate().fingerprint256).toBe(before);

    const next = { certificateFile: at('next-cert.pem'), keyFile: at('next-key.pem') };
    await makeCertificate(next);
    trusted += await certificateOf(next);
    await copyFile(next.keyFile, at('key.pem'));
    await rename(next.certificateFile, at('cert.pem'));
    await waitUntil(
      async () => (await handshake({ ca: trusted })).getPeerCertificate().fingerprint256 !== before,
      'new connections get the new certificate',
    );
    expect((await ask('/livez', 'GET', open)).status).toBe(200);
  });

  test('bears clients that speak something else, or nothing', async () => {
    await start();
    const plain = openSocket(gateway.url);
    plain.on('error', () => {});
    plain.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(plain, 'close');
    const silent = openSocket(gateway.url);
    await once(silent, 'connect');
    expect((await ask('/livez')).status).toBe(200);
    silent.destroy();
  });

  test('stops as one without: what waits is answered, what is idle is closed, the exit code is 0', async () => {
    await start();
    await ask('/v1/queues/orders', 'PUT');
    const idle = keepAlive();
    await ask('/livez', 'GET', idle);
    const silent = openSocket(gateway.url);
    silent.on('error', () => {});
    await once(silent, 'connect');
    const poll = ask('/v1/queues/orders/messages/receive?waitSeconds=50', 'POST');
    // Sent after it on a connection of its own: by its answer the gateway has read on.
    await ask('/v1/queues/orders');
    const ending = gateway.stop();
    expect(await poll).toMatchObject({ status: 200, text: '{"messages":[]}' });
    expect(await ending).toEqual({ code: 0, signal: null });
  });
});

test('a gateway does not start with a certificate that does not fit its key', async () => {
  directory = await mkdtemp(join(tmpdir(), 'zoogate-tls-'));
  await makeCertificate(inUse());
  await makeCertificate({ certificateFile: at('cert.pem'), keyFile: at('other.pem') });
  gateway = new GatewayProcess({
    zooKeeper: `${server.address}/tls`,
    variables: { ZOOGATE_TLS_CERTIFICATE_FILE: at('cert.pem'), ZOOGATE_TLS_KEY_FILE: at('key.pem') },
  });
  expect((await gateway.ended).code).toBe(1);
  expect(gateway.output).toContain('cannot be used');
});
