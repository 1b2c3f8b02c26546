/** The section "Operation" of the contract, where it does not need processes of their own. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useContract } from '../../support/contract-client.ts';
import { startTestGateways } from '../../support/http-app.ts';

const contract = useContract();

describe('the paths for operators', () => {
  it('GET /livez and GET /readyz answer 200 while the gateway serves', async () => {
    await contract.api.get('/livez').expect(200);
    await contract.api.get('/readyz').expect(200);
  });

  it('GET /openapi.json is an OpenAPI document, GET /docs a page', async () => {
    expect((await contract.api.get('/openapi.json').expect(200)).body.openapi).toMatch(/^3\.1/);
    await contract.api.get('/docs/').expect(200).expect('Content-Type', /html/);
  });
});

describe('which version this is', () => {
  it('is one number: of the package, GET /version, the OpenAPI document and the metrics', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect((await contract.api.get('/version').expect(200)).body).toMatchObject({ version });
    expect((await contract.api.get('/openapi.json').expect(200)).body.info.version).toBe(version);
    const { text } = await contract.api.get('/metrics').expect(200);
    expect(text).toContain(`zoogate_build_info{version="${version}",commit=""} 1\n`);
    expect(readFileSync('deploy/kubernetes/kustomization.yaml', 'utf8')).toContain(`newTag: ${version}\n`);
  });
});

describe('the address alone', () => {
  it('leads to the documentation, without credentials', async () => {
    const response = await contract.api.get('/').set('Accept', 'text/html').expect(303);
    expect(response.headers.location).toBe('/docs');
    expect(response.text).toContain('/openapi.json');
  });
});

describe('a gateway that drains', () => {
  it('answers readyz with 503, and waiting receives of queues and subscriptions with an empty list', async () => {
    const draining = await startTestGateways();
    try {
      const { api } = draining;
      await api.put('/v1/queues/q').expect(201);
      await api.put('/v1/topics/t').expect(201);
      await api.put('/v1/topics/t/subscriptions/s').expect(201);
      const paths = ['/v1/queues/q', '/v1/topics/t/subscriptions/s'];
      const waiting = paths.map((path) =>
        api.post(`${path}/messages/receive?waitSeconds=50`).then((answer) => answer),
      );
      // Not waiting yet, or waiting: a receive is answered with an empty list either way.
      draining.drain();
      for (const answer of await Promise.all(waiting)) {
        expect([answer.status, answer.body]).toEqual([200, { messages: [] }]);
      }
      const { body, headers } = await api.get('/readyz').expect(503);
      expect(body.code).toBe('unavailable');
      expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
      await api.get('/livez').expect(200);
    } finally {
      await draining.stop();
    }
  });

  it('finishes what is in flight', async () => {
    const draining = await startTestGateways();
    try {
      const queue = await draining.createQueue();
      const publishing = Array.from({ length: 20 }, (_, body) =>
        draining.api.post(`${queue}/messages`).send({ messages: [{ body }] }),
      ).map((request) => request.then(({ status }) => status));
      draining.drain();
      expect(new Set(await Promise.all(publishing))).toEqual(new Set([201]));
    } finally {
      await draining.stop();
    }
  });
});
