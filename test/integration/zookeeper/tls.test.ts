/** TLS between a gateway's store and real servers with a secure client port. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Logger } from '../../../src/queue/model/logger.ts';
import type { ZooKeeperStore } from '../../../src/queue/zookeeper/session.ts';
import { CertificateAuthority } from '../../support/certificates.ts';
import { openSecondClient } from '../../support/second-client.ts';
import { type SecureZooKeeper, startSecureZooKeeper } from '../../support/secure-zookeeper.ts';
import { startProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import {
  connected,
  entered,
  openTestStore,
  openUnconnected,
  silentLogger,
  type TestStoreOptions,
} from '../../support/test-store.ts';
import { type Files, tlsOf, trusting, withCertificate } from '../../support/tls-options.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { create, fresh } from '../../support/write-builders.ts';

let zooKeeper: SecureZooKeeper;
/** Asks its clients for certificates. */
let demanding: SecureZooKeeper;
let directory: string;
let opened: { close(): unknown }[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zoogate-tls-'));
  [zooKeeper, demanding] = await Promise.all([
    startSecureZooKeeper(),
    startSecureZooKeeper({ clientAuth: 'need' }),
  ]);
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  opened = [];
});
afterAll(async () => {
  await Promise.all([zooKeeper.stop(), demanding.stop()]);
  await rm(directory, { recursive: true });
});

async function open(address: string, files: Files, options: TestStoreOptions = {}): Promise<ZooKeeperStore> {
  const store = await openTestStore(`${address}/tls-${randomUUID()}`, { ...options, ...tlsOf(files) });
  opened.push(store);
  return store;
}

/** A store that is not expected to get connected, and what it complains about: messages, and reasons of each. */
function begin(
  address: string,
  options: TestStoreOptions,
  chroot = '/refused',
): { store: ZooKeeperStore; reasons: string[]; messages: string[] } {
  const reasons: string[] = [];
  const messages: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (details, message) => {
      reasons.push((details as { reason: string }).reason);
      messages.push(message);
    },
  };
  const store = openUnconnected(address + chroot, { sessionTimeoutMs: 1_500, ...options, logger });
  opened.push(store);
  return { store, reasons, messages };
}

async function proxyTo(port: number): Promise<TcpProxy> {
  const proxy = await startProxy(port, 'bytes');
  opened.push(proxy);
  return proxy;
}

describe('a server whose certificate is in order', () => {
  test.each(['127.0.0.1', 'localhost'])('is used, at %s', async (host) => {
    const store = await open(`${host}:${zooKeeper.securePort}`, trusting(zooKeeper));
    await store.commit(fresh('/kept', 'value'));
    expect((await store.read('/kept'))?.data.toString()).toBe('value');
  });

  test('is found again after lost connections and a restart', async () => {
    const proxy = await proxyTo(zooKeeper.securePort);
    const store = await open(proxy.address, trusting(zooKeeper));
    await store.commit(fresh('/kept', 'value'));
    for (let cuts = 0; cuts < 3; cuts += 1) {
      const suspended = entered(store, 'suspended');
      proxy.cut();
      await suspended;
      await connected(store);
    }
    const suspended = entered(store, 'suspended');
    await zooKeeper.server.kill();
    await suspended;
    await zooKeeper.server.restart();
    await connected(store);
    expect((await store.read('/kept'))?.data.toString()).toBe('value');
  });

  test('takes a commit of the greatest size, and many at a time', async () => {
    const store = await open(`127.0.0.1:${zooKeeper.securePort}`, trusting(zooKeeper));
    const large = 'x'.repeat(900_000);
    await store.commit([create('/large', large)]);
    expect((await store.read('/large'))?.data.length).toBe(large.length);
    await Promise.all(
      Array.from({ length: 300 }, (_, at) => store.commit([create(`/n${at}`, 'y'.repeat(10_000))])),
    );
    expect((await store.list('/'))?.children.length).toBe(302);
  });
});

describe('a server that cannot prove who it is gets nothing of ours', () => {
  const untrusted = 'its certificate was issued by nobody whom this gateway trusts';
  const expectRefused = async (address: string, options: TestStoreOptions, reason = '') => {
    const { store, reasons } = begin(address, options);
    // The first handshake of a server that has just been started may take longer than it is waited for.
    await expect.poll(() => reasons, { timeout: 20_000 }).toContainEqual(expect.stringContaining(reason));
    expect(store.state).toBe('suspended');
    await expect(store.barrier()).rejects.toMatchObject({ kind: 'unavailable' });
  };

  test('when its certificate was issued by somebody else', async () => {
    const other = await CertificateAuthority.create('another authority');
    const caFile = join(directory, 'other.pem');
    await writeFile(caFile, other.certificate);
    await expectRefused(`127.0.0.1:${zooKeeper.securePort}`, tlsOf({ caFile }), untrusted);
  });

  test('when nobody is known who could have issued it', async () => {
    await expectRefused(`127.0.0.1:${zooKeeper.securePort}`, tlsOf({}), untrusted);
  });

  test('when its certificate is for another host, unless host names are not checked', async () => {
    const elsewhere = await startSecureZooKeeper({ hosts: ['zk1.example'] });
    opened.push({ close: () => elsewhere.stop() });
    const address = `127.0.0.1:${elsewhere.securePort}`;
    await expectRefused(address, tlsOf(trusting(elsewhere)), 'its certificate is for another host');
    const store = await open(address, { ...trusting(elsewhere), checksHostNames: false });
    expect(store.state).toBe('connected');
    // That opens no door to those whom nobody has vouched for.
    await expectRefused(address, tlsOf({ ...trusting(zooKeeper), checksHostNames: false }), untrusted);
    await store.close();
  });

  test('when its certificate has expired', async () => {
    const expired = await startSecureZooKeeper({ isExpired: true });
    opened.push({ close: () => expired.stop() });
    await expectRefused(
      `127.0.0.1:${expired.securePort}`,
      tlsOf(trusting(expired)),
      'its certificate has expired',
    );
  });

  test('when it does not speak TLS: not even the credentials', async () => {
    const received: Buffer[] = [];
    const listener = createServer((socket) => {
      socket.on('data', (bytes) => {
        received.push(bytes);
        socket.end('ZooKeeper would not answer to this');
      });
      socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    opened.push({ close: () => listener.close() });
    const { port } = listener.address() as { port: number };
    const credentials = ['zoogate:a-secret'];
    await expectRefused(`127.0.0.1:${port}`, { ...tlsOf(trusting(zooKeeper)), credentials });
    expect(Buffer.concat(received).toString('latin1')).not.toContain('a-secret');
    await expectRefused(zooKeeper.server.address, tlsOf(trusting(zooKeeper)));
  });

  test('and nor does a secure port that is taken for a plain one', async () => {
    await expectRefused(`127.0.0.1:${zooKeeper.securePort}`, {});
  });
});

describe('a server that asks for certificates', () => {
  test('is shown ours', async () => {
    const store = await open(`127.0.0.1:${demanding.securePort}`, withCertificate(demanding));
    await store.commit([create('/a')]);
    expect(await store.stat('/a')).toBeDefined();
  });

  test('does not take us without: the log says so, once, however often it is tried', async () => {
    const proxy = await proxyTo(demanding.securePort);
    const passed: Buffer[] = [];
    proxy.onBytes = (_, bytes) => void passed.push(bytes);
    // Each attempt begins with a record of a handshake (22) that says hello as a client (1).
    const attempts = () => passed.filter((bytes) => bytes[0] === 22 && bytes[5] === 1).length;
    const { store, reasons } = begin(`localhost:${proxy.port}`, tlsOf(trusting(demanding)));
    const telling = () =>
      reasons.filter((reason) => reason.startsWith('the server may ask for a certificate'));
    await waitUntil(() => telling().length > 0, 'it says what may be wrong');
    const before = attempts();
    await waitUntil(() => attempts() > before + 2, 'it tries again');
    expect(telling()).toHaveLength(1);
    expect(store.state).toBe('suspended');
    await expect(store.barrier()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('does not make whoever else has the same certificate an owner of what we create', async () => {
    const credentials = ['zoogate:a-secret'] as const;
    const chroot = `/owned-${randomUUID()}`;
    const address = `127.0.0.1:${demanding.securePort}${chroot}`;
    const store = await openTestStore(address, { ...tlsOf(withCertificate(demanding)), credentials });
    opened.push(store);
    await store.commit([create('/a')]);
    const owner = await openSecondClient(demanding.server.address, credentials[0]);
    opened.push(owner);
    for (const path of await owner.walk(chroot)) {
      expect(await owner.acl(path), path).toEqual([expect.stringMatching(/^digest:/)]);
    }
    const { store: sharing, reasons } = begin(address, tlsOf(withCertificate(demanding)), '');
    await waitUntil(() => reasons.length > 0, 'it complains');
    expect(reasons[0]).toContain('it belongs to credentials, and this gateway has none');
    expect(sharing.state).toBe('suspended');
  });

  test('is shown what the files hold by then, or what they held before while they cannot be used', async () => {
    const certificateFile = join(directory, 'certificate.pem');
    const keyFile = join(directory, 'key.pem');
    const { authority } = demanding;
    await writeFile(certificateFile, readFileSync(demanding.certificateFile));
    await writeFile(keyFile, readFileSync(demanding.keyFile));
    const identity = await authority.issue({ commonName: 'asking', hosts: ['127.0.0.1'] });
    let shown: string[] = [];
    const asking = createTlsServer(
      { cert: identity.certificate, key: identity.key, requestCert: true, ca: authority.certificate },
      (socket) => {
        shown.push(String(socket.getPeerCertificate().subject.CN));
        socket.on('error', () => {});
        socket.end();
      },
    ).listen(0, '127.0.0.1');
    await once(asking, 'listening');
    opened.push({ close: () => asking.close() });
    const { port } = asking.address() as AddressInfo;
    const tls = tlsOf({ caFile: demanding.authorityFile, certificateFile, keyFile });
    const { messages } = begin(`127.0.0.1:${port}`, tls);
    await waitUntil(() => shown.includes('gateway'), 'it is shown the first');

    const renewed = await authority.issue({ commonName: 'renewed' });
    await writeFile(certificateFile, renewed.certificate);
    await waitUntil(() => messages.some((text) => text.includes('the ones before stay')), 'it complains');
    shown = [];
    await waitUntil(() => shown.length > 0, 'it goes on');
    expect(shown[0]).toBe('gateway');

    await writeFile(keyFile, renewed.key);
    await waitUntil(() => shown.includes('renewed'), 'it is shown the renewed one');
  });
});

describe('a handshake that never ends', () => {
  test('is given up for the next server, whether TLS or ZooKeeper keeps silent', async () => {
    const identity = await zooKeeper.authority.issue({ commonName: 'mute', hosts: ['127.0.0.1'] });
    let handshakes = 0;
    const listeners = [
      createServer(),
      createTlsServer({ cert: identity.certificate, key: identity.key }, () => {
        handshakes += 1;
      }),
    ];
    const addresses: string[] = [];
    for (const listener of listeners) {
      listener.on('connection', (socket) => socket.on('error', () => {}));
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      addresses.push(`127.0.0.1:${(listener.address() as AddressInfo).port}`);
      opened.push({ close: () => listener.close() });
    }
    addresses.push(`127.0.0.1:${zooKeeper.securePort}`);
    const impatient = { sessionTimeoutMs: 1_000, random: () => 0 };
    const store = await open(addresses.join(), trusting(zooKeeper), impatient);
    await store.commit([create('/a')]);
    expect(handshakes).toBe(1);
  });

  test('is given up when the server freezes with its TLS handshake done', async () => {
    const store = await open(`127.0.0.1:${zooKeeper.securePort}`, trusting(zooKeeper), {
      sessionTimeoutMs: 1_000,
    });
    const suspended = entered(store, 'suspended');
    zooKeeper.server.freeze();
    await suspended;
    zooKeeper.server.thaw();
    await connected(store);
  });
});
