/** What somebody on the wire between a gateway and the ensemble gets to see: everything, or nothing with TLS. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeEveryKindOfNode, SECRET } from '../../support/every-kind-of-node.ts';
import { type LocalGateway, startLocalGateway } from '../../support/local-gateway.ts';
import { type SecureZooKeeper, startSecureZooKeeper } from '../../support/secure-zookeeper.ts';
import { startProxy } from '../../support/tcp-proxy.ts';

const password = 'pass-through';

let zooKeeper: SecureZooKeeper;
let opened: { close(): unknown }[] = [];

beforeAll(async () => {
  zooKeeper = await startSecureZooKeeper({ clientAuth: 'need' });
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.close()));
  opened = [];
});
afterAll(() => zooKeeper.stop());

/** The life of messages, recorded between the gateway and that port of the server. */
async function capture(port: number, variables: Record<string, string>): Promise<string> {
  const proxy = await startProxy(port, 'bytes');
  opened.push(proxy);
  const recorded: Buffer[] = [];
  proxy.onBytes = (_direction, bytes) => recorded.push(bytes);
  const gateway: LocalGateway = await startLocalGateway(`${proxy.address}/capture-${port}`, {
    ZOOGATE_ZOOKEEPER_CREDENTIALS: `zoogate:${password}`,
    ...variables,
  });
  opened.push(gateway);
  await gateway.whenReady();
  await makeEveryKindOfNode(gateway.url);
  const received = await fetch(`${gateway.url}/v1/queues/dead/messages/receive`, { method: 'POST' });
  expect(await received.text()).toContain(SECRET);
  return Buffer.concat(recorded).toString('latin1');
}

test('over TLS it shows neither messages nor names nor credentials, all of which it shows otherwise', async () => {
  const { server, securePort, authorityFile, certificateFile, keyFile } = zooKeeper;
  const texts = [SECRET, '/topics/orders', '/data/', password];
  const plain = await capture(server.port, {});
  expect(texts.filter((text) => plain.includes(text))).toEqual(texts);

  const encrypted = await capture(securePort, {
    ZOOGATE_ZOOKEEPER_TLS: 'true',
    ZOOGATE_ZOOKEEPER_TLS_CA_FILE: authorityFile,
    ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE: certificateFile,
    ZOOGATE_ZOOKEEPER_TLS_KEY_FILE: keyFile,
  });
  // It has all gone that way.
  expect(encrypted.length).toBeGreaterThan(plain.length / 2);
  expect(texts.filter((text) => encrypted.includes(text))).toEqual([]);
});
