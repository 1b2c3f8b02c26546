/** nginx that speaks TLS to the gateways, as `deploy/gateways-tls.conf` says, and checks who they are. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NginxServer } from '../../../chaos/nginx-server.ts';
import { findNginx } from '../../../scripts/nginx-installation.mjs';
import { CertificateAuthority } from '../../support/certificates.ts';
import { readDeployed } from '../../support/deployment-files.ts';
import { type LocalGateway, startLocalGateway } from '../../support/local-gateway.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { freePorts, startZooKeeper, type ZooKeeperServer } from '../../support/zookeeper-server.ts';

describe.skipIf(findNginx() === undefined)('nginx with TLS to the gateways', { timeout: 60_000 }, () => {
  let directory: string;
  let server: ZooKeeperServer;
  let gateway: LocalGateway;
  let nginx: NginxServer;
  const at = (name: string) => join(directory, name);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zoogate-tls-'));
    const ours = await CertificateAuthority.create('ours');
    const others = await CertificateAuthority.create('others');
    const { certificate, key } = await ours.issue({ commonName: 'gateway', hosts: ['zoogate'] });
    await writeFile(at('ours.pem'), ours.certificate);
    await writeFile(at('others.pem'), others.certificate);
    await writeFile(at('cert.pem'), certificate);
    await writeFile(at('key.pem'), key);
    server = await startZooKeeper();
    gateway = await startLocalGateway(`${server.address}/tls`, {
      ZOOGATE_TLS_CERTIFICATE_FILE: at('cert.pem'),
      ZOOGATE_TLS_KEY_FILE: at('key.pem'),
    });
    nginx = await startNginx('ours.pem');
    const isReady = async () => (await fetch(`${nginx.url}/readyz`)).status === 200;
    await waitUntil(isReady, 'a gateway is ready, through nginx');
  });
  afterAll(async () => {
    await nginx?.stop();
    await gateway?.close();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** With the change that the file describes. */
  async function startNginx(authority: string, change = (text: string) => text): Promise<NginxServer> {
    const included = change(readDeployed('deploy/gateways-tls.conf')).replace(
      '/etc/nginx/gateways-ca.pem',
      at(authority),
    );
    const file = at(`${authority}-gateways-tls.conf`);
    await writeFile(file, included);
    expect(await readFile(file, 'utf8')).toContain(at(authority));
    const [port = 0] = await freePorts(1);
    const gatewayPort = Number(new URL(gateway.url).port);
    return NginxServer.start(port, Array(3).fill(gatewayPort), (text) =>
      text
        .replaceAll('proxy_pass http://', 'proxy_pass https://')
        .replace('    proxy_http_version 1.1;', `    include ${file};\n    proxy_http_version 1.1;`),
    );
  }

  test('passes requests on', async () => {
    expect(gateway.url).toMatch(/^https:/);
    const queue = `${nginx.url}/v1/queues/secured`;
    expect((await fetch(queue, { method: 'PUT' })).status).toBe(201);
    const publish = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' };
    expect((await fetch(`${queue}/messages`, publish)).status).toBe(201);
    const received = await fetch(`${queue}/messages/receive`, { method: 'POST' });
    expect(((await received.json()) as { messages: unknown[] }).messages).toHaveLength(1);
  });

  test.each<[string, string, (text: string) => string]>([
    ['was issued by others', 'others.pem', (text) => text],
    ['is for another name', 'ours.pem', (text) => text.replace('ssl_name zoogate', 'ssl_name other')],
  ])('sends nothing to one whose certificate %s', async (_what, authority, change) => {
    const requests = () => gateway.log.split('"msg":"request"').length;
    const before = requests();
    const wary = await startNginx(authority, change);
    try {
      const answer = await fetch(`${wary.url}/v1/queues/unsent/messages`, { method: 'POST', body: 'x' });
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'unavailable']);
      expect(requests()).toBe(before);
    } finally {
      await wary.stop();
    }
  });
});
