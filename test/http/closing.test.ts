/** How a gateway's connections end: no request that is sent on one of them is lost. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join as at } from 'node:path';
import { connect as connectSecurely } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildApp } from '../../src/app.ts';
import type { Broker } from '../../src/queue/index.ts';
import { Connections } from '../../src/server/connections.ts';
import { makeCertificate } from '../support/certificates.ts';
import { waitUntil } from '../support/wait-until.ts';

const request = 'GET / HTTP/1.1\r\nHost: gateway\r\n\r\n';
/** So long that nothing is closed for its silence while a test runs. */
const forever = 600_000;

let server: Server = createServer();
let clients: Client[] = [];
/** What servers and clients are to secure their connections with, if they are to. */
let identity: { cert: Buffer; key: Buffer } | undefined;

afterEach(() => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  server.closeAllConnections();
  clients = [];
});

interface Client {
  readonly socket: Socket;
  received: string;
}

async function listen(quietMs: number, answer: RequestListener): Promise<Connections> {
  const options = { keepAliveTimeout: forever };
  server =
    identity === undefined
      ? createServer(options, answer)
      : createSecureServer({ ...options, ...identity }, answer);
  const connections = new Connections(server, { quietMs });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return connections;
}

async function join(): Promise<Client> {
  const { port } = server.address() as AddressInfo;
  const socket =
    identity === undefined
      ? connect(port, '127.0.0.1')
      : connectSecurely({ port, host: '127.0.0.1', ca: identity.cert });
  const client = { socket, received: '' };
  clients.push(client);
  socket.on('error', () => {});
  socket.setEncoding('utf8').on('data', (text: string) => {
    client.received += text;
  });
  await once(socket, identity === undefined ? 'connect' : 'secureConnect');
  return client;
}

/** One that has been answered and keeps its connection. */
async function joinAndAsk(): Promise<Client> {
  const client = await join();
  client.socket.write(request);
  await waitUntil(() => client.received.endsWith('done'), 'the first request is answered');
  client.received = '';
  return client;
}

describe.each(['plain', 'secured'])('on %s connections', (kind) => {
  beforeAll(async () => {
    if (kind === 'plain') return;
    const directory = await mkdtemp(at(tmpdir(), 'zoogate-closing-'));
    const [certificateFile, keyFile] = [at(directory, 'cert.pem'), at(directory, 'key.pem')];
    await makeCertificate({ certificateFile, keyFile });
    identity = { cert: await readFile(certificateFile), key: await readFile(keyFile) };
    await rm(directory, { recursive: true });
  });
  afterAll(() => {
    identity = undefined;
  });

  test('a request on a connection that was idle is answered, and told to be the last one there', async () => {
    const connections = await listen(forever, (_request, response) => response.end('done'));
    const client = await joinAndAsk();
    const closed = connections.close();
    await waitUntil(() => server.listening === false, 'nobody can connect any more');
    client.socket.write(request);
    await closed;
    await waitUntil(() => client.socket.closed, 'the client has seen the end');
    expect(client.received).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(client.received.toLowerCase()).toContain('connection: close');
    expect(client.received).toMatch(/done$/);
  });

  test('an answer that was under way is finished, and ends its connection', async () => {
    let finish: () => void = () => {};
    const connections = await listen(forever, (_request, response) => {
      finish = () => response.end('done');
    });
    const client = await join();
    const asked = once(server, 'request');
    client.socket.write(request);
    await asked;
    const closed = connections.close();
    await waitUntil(() => server.listening === false, 'nobody can connect any more');
    finish();
    await closed;
    await waitUntil(() => client.socket.closed, 'the client has seen the end');
    expect(client.received.toLowerCase()).toContain('connection: close');
    expect(client.received).toMatch(/done$/);
  });

  test('connections that stay quiet are closed', async () => {
    const connections = await listen(100, (_request, response) => response.end('done'));
    const [used, unused] = [await joinAndAsk(), await join()];
    await connections.close();
    await waitUntil(() => used.socket.closed && unused.socket.closed, 'both have seen the end');
    expect(server.listening).toBe(false);
  });

  test('one that has not said anything yet is closed', async () => {
    const connections = await listen(100, (_request, response) => response.end('done'));
    const silent = connect((server.address() as AddressInfo).port, '127.0.0.1');
    clients.push({ socket: silent, received: '' });
    await once(server, 'connection');
    await connections.close();
    await waitUntil(() => silent.closed, 'it has seen the end');
  });
});

test('a server that does not listen has nothing to wait for', async () => {
  server = createServer();
  await new Connections(server, { quietMs: forever }).close();
});

test('the application closes in this way', async () => {
  const app = buildApp({ broker: {} as Broker, closing: { quietMs: forever } });
  server = app.server;
  await app.listen({ host: '127.0.0.1', port: 0 });
  const client = await join();
  client.socket.write(request.replace('/', '/livez'));
  await waitUntil(() => client.received.endsWith('"alive"}'), 'the first request is answered');
  client.received = '';
  const closed = app.close();
  await waitUntil(() => !server.listening, 'nobody can connect any more');
  client.socket.write(request.replace('/', '/livez'));
  await closed;
  await waitUntil(() => client.socket.closed, 'the client has seen the end');
  expect(client.received).toMatch(/"alive"}$/);
});
