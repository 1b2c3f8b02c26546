import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { Secret, Service } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress, NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.d.ts';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parsePrincipals } from '../../../src/access/principals.ts';
import { readGatewayConfiguration } from '../../../src/config/environment.ts';
import {
  deployedFiles,
  readDeployed,
  readYaml,
  shutdownLimitSeconds,
} from '../../support/deployment-files.ts';
import { typeErrors } from '../../support/kubernetes-types.ts';

const folder = 'deploy/kubernetes';
const read = <Content>(name: string) => readYaml<Content>(`${folder}/${name}`, '1.1');
const kustomization = read<{
  resources: string[];
  images: { name: string }[];
  configMapGenerator: { name: string; literals: string[] }[];
}>('kustomization.yaml');
const manifests = deployedFiles(folder).filter(
  (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
);
const tls = read<{
  resources: string[];
  configMapGenerator: { name: string; behavior: string; literals: string[] }[];
  patches: { target: { kind: string; name: string }; patch: string }[];
}>('tls/kustomization.yaml');
const deployment = read<Deployment>('deployment.yaml');
const pod = deployment.spec?.template.spec;
const [container, ...others] = pod?.containers ?? [];

describe('the manifests', () => {
  test('are objects of Kubernetes, without a field that it does not know', () => {
    const objects = manifests.map((name) => read<{ kind: string }>(name));
    expect(typeErrors(objects)).toEqual([]);
    const misspelt = { kind: 'Service', spec: { prots: [] } };
    expect(typeErrors([misspelt])).toEqual([expect.stringContaining('"prots"')]);
  });

  test('are all applied, but for the example of a secret', () => {
    expect([...kustomization.resources, 'secret.example.yaml'].sort()).toEqual(manifests);
    expect(kustomization.images.map(({ name }) => name)).toEqual([container?.image]);
  });
});

describe('a gateway in Kubernetes', () => {
  const [configuration] = kustomization.configMapGenerator;
  const environment = Object.fromEntries(
    configuration?.literals.map((literal) => literal.split(/=(.*)/s)) ?? [],
  ) as Record<string, string>;
  const secret = read<Secret>('secret.example.yaml');

  test('has a configuration that it starts with, of files that the secret holds', () => {
    expect(others).toEqual([]);
    expect(container?.envFrom).toEqual([{ configMapRef: { name: configuration?.name } }]);
    const { zooKeeper, ensembleAccess, access } = readGatewayConfiguration({
      ...{ ZOOGATE_HOST: '0.0.0.0' },
      ...environment,
    });
    expect(zooKeeper).toMatch(/\/zoogate$/);
    const [mount] = container?.volumeMounts ?? [];
    const [volume] = pod?.volumes ?? [];
    const files = volume?.secret?.items?.map(({ path }) => `${mount?.mountPath}/${path}`);
    const named = [access.principalsFile, ensembleAccess.credentialsFile, ensembleAccess.tls?.caFile];
    expect(named.sort()).toEqual(files?.sort());
    expect(volume?.secret?.secretName).toBe(secret.metadata?.name);
    expect(volume?.secret?.items?.map(({ key }) => key).sort()).toEqual(
      Object.keys(secret.stringData ?? {}).sort(),
    );
  });

  test('does not get variables for services, which it would take for misspelt ones of its own', () => {
    expect(pod?.enableServiceLinks).toBe(false);
    const linked = { ...environment, ZOOGATE_SERVICE_HOST: '10.0.0.1', ZOOGATE_HOST: '0.0.0.0' };
    expect(() => readGatewayConfiguration(linked)).toThrow('ZOOGATE_SERVICE_HOST is not a variable');
  });

  test('may do nothing that it need not do', () => {
    expect(pod?.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const [, user] = /^USER (\d+):\d+$/m.exec(readDeployed('deploy/Dockerfile')) ?? [];
    expect(pod?.securityContext?.runAsUser).toBe(Number(user));
    expect(container?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod?.automountServiceAccountToken).toBe(false);
    expect(container?.resources?.limits?.memory).toBeDefined();
  });

  test('is asked whether it lives and whether it is ready, where it answers to that', () => {
    expect(container?.startupProbe?.httpGet).toEqual({ path: '/livez', port: 'http' });
    expect(container?.livenessProbe?.httpGet).toEqual({ path: '/livez', port: 'http' });
    expect(container?.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(container?.ports).toEqual([{ name: 'http', containerPort: 8080 }]);
    expect(readDeployed('deploy/Dockerfile')).toContain('EXPOSE 8080');
  });

  test('has time to stop: for others to hear of it, and for what is in flight', () => {
    const [program, seconds] = container?.lifecycle?.preStop?.exec?.command ?? [];
    expect(program).toBe('sleep');
    const needed = Number(seconds) + shutdownLimitSeconds();
    expect(pod?.terminationGracePeriodSeconds).toBeGreaterThan(needed);
  });

  test('is what the service, the budget and the policy select', () => {
    const { labels } = deployment.spec?.template.metadata ?? {};
    expect(deployment.spec?.selector.matchLabels).toEqual(labels);
    const service = read<Service>('service.yaml');
    expect(service.spec?.selector).toEqual(labels);
    expect(service.spec?.ports?.map(({ targetPort }) => targetPort)).toEqual(['http']);
    const budget = read<PodDisruptionBudget>('disruption-budget.yaml');
    expect(budget.spec?.selector?.matchLabels).toEqual(labels);
    expect(budget.spec?.maxUnavailable).toBeLessThan(deployment.spec?.replicas ?? 0);
    const policy = read<NetworkPolicy>('network-policy.yaml');
    expect(policy.spec?.podSelector.matchLabels).toEqual(labels);
    expect(policy.spec?.ingress?.flatMap(({ ports = [] }) => ports)).toEqual([{ port: 'http' }]);
  });

  test('reaches the ports of the ensemble that it is told of', () => {
    const policy = read<NetworkPolicy>('network-policy.yaml');
    const allowed = policy.spec?.egress?.flatMap(({ ports = [] }) => ports.map(({ port }) => Number(port)));
    const used = [...(environment.ZOOGATE_ZOOKEEPER ?? '').matchAll(/:(\d+)/g)].map(([, port]) =>
      Number(port),
    );
    expect(used.length).toBeGreaterThan(0);
    for (const port of used) expect(allowed).toContain(port);
  });

  test('reaches who collects its traces, at the port of OTLP over HTTP', () => {
    const policy = read<NetworkPolicy>('network-policy.yaml');
    const allowed = policy.spec?.egress?.flatMap(({ ports = [] }) => ports);
    expect(allowed).toContainEqual({ port: 4318, protocol: 'TCP' });
  });

  test('is given principals that it understands, in the example', () => {
    expect(parsePrincipals(secret.stringData?.['principals.json'] ?? '')).not.toHaveProperty('problems');
  });
});

/** As kustomize applies a JSON patch (RFC 6902) that only adds, to a copy. */
function patched<Content>(object: Content, text: string): Content {
  const copy = structuredClone(object);
  for (const { op, path, value } of parse(text, { version: '1.1' })) {
    expect(op).toBe('add');
    const [, ...steps] = path.split('/') as string[];
    const last = steps.pop() ?? '';
    let place = copy as Record<string, unknown>;
    for (const step of steps) {
      expect(place, path).toHaveProperty([step]);
      place = place[step] as Record<string, unknown>;
    }
    if (last === '-') (place as unknown as unknown[]).push(value);
    else place[last] = value;
  }
  return copy;
}

describe('the component for TLS between an ingress and the gateways', () => {
  const patchOf = (kind: string) => tls.patches.find(({ target }) => target.kind === kind)?.patch ?? '';
  const secured = patched(deployment, patchOf('Deployment'));
  const service = patched(read<Service>('service.yaml'), patchOf('Service'));
  const ingress = read<Ingress>('tls/ingress.yaml');

  test('makes objects of Kubernetes, of those that are there', () => {
    expect(tls.resources).toEqual(['ingress.yaml']);
    for (const { target } of tls.patches) expect(target.name).toBe('zoogate');
    const objects = [secured, service, ingress] as { kind: string }[];
    expect(typeErrors(objects)).toEqual([]);
  });

  test('gives gateways a configuration that they start with, and the files that it names', () => {
    const literals = [kustomization, tls].flatMap(({ configMapGenerator: [map] }) => map?.literals ?? []);
    expect(tls.configMapGenerator).toMatchObject([{ name: 'zoogate', behavior: 'merge' }]);
    const environment = Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s)));
    const configuration = readGatewayConfiguration({ ZOOGATE_HOST: '0.0.0.0', ...environment });
    const { volumeMounts = [], ...probes } = secured.spec?.template.spec?.containers[0] ?? {};
    const mount = volumeMounts.find(({ name }) => name === 'tls');
    expect(configuration.tls).toEqual({
      certificateFile: `${mount?.mountPath}/tls.crt`,
      keyFile: `${mount?.mountPath}/tls.key`,
    });
    const volume = secured.spec?.template.spec?.volumes?.find(({ name }) => name === mount?.name);
    expect(volume?.secret).toEqual({ secretName: 'zoogate-tls', defaultMode: 0o440 });
    expect(configuration.trustedProxies).toHaveLength(1);
    expect(probes).toMatchObject({
      startupProbe: { httpGet: { scheme: 'HTTPS' } },
      livenessProbe: { httpGet: { scheme: 'HTTPS' } },
      readinessProbe: { httpGet: { scheme: 'HTTPS' } },
    });
  });

  test('has the ingress check their certificate, and treat requests as deploy/nginx.conf does', () => {
    const settings = Object.fromEntries(
      Object.entries(ingress.metadata?.annotations ?? {}).map(([name, value]) => [name.split('/')[1], value]),
    );
    expect(settings).toMatchObject({
      'backend-protocol': 'HTTPS',
      'proxy-ssl-verify': 'on',
      'proxy-ssl-name': 'zoogate.zoogate.svc',
      'proxy-ssl-secret': 'zoogate/zoogate-tls-ca',
    });
    const nginx = readDeployed('deploy/nginx.conf');
    expect(nginx).toContain(`proxy_read_timeout ${settings['proxy-read-timeout']}s;`);
    expect(nginx).toContain(`proxy_send_timeout ${settings['proxy-send-timeout']}s;`);
    expect(nginx).toContain(`client_max_body_size ${settings['proxy-body-size']};`);
    expect(nginx).toContain(`proxy_buffering ${settings['proxy-buffering']};`);
    expect(nginx).toContain(`proxy_buffer_size ${settings['proxy-buffer-size']};`);
    expect(settings['proxy-next-upstream']).not.toContain('non_idempotent');
    const [backend] = ingress.spec?.rules?.flatMap(({ http }) => http?.paths ?? []) ?? [];
    expect(backend?.backend.service).toEqual({
      name: service.metadata?.name,
      port: { name: service.spec?.ports?.[0]?.name },
    });
    expect(service.spec?.ports?.[0]?.appProtocol).toBe('https');
  });
});
