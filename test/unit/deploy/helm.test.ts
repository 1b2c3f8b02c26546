/**
 * The Helm chart. What can be known without Helm is checked always; what Helm makes of the chart where there is one: on
 * the PATH, or at $HELM. `npm run chart` sees to it that there is.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';
import type { ConfigMap, Secret } from 'kubernetes-types/core/v1.d.ts';
import type { Ingress, NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { readGatewayConfiguration } from '../../../src/config/environment.ts';
import { deployedFiles, readDeployed, readYaml } from '../../support/deployment-files.ts';
import { readDocument } from '../../support/documents.ts';
import { typeErrors } from '../../support/kubernetes-types.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Record<string, string> };
}

const root = join(import.meta.dirname, '../../..');
const folder = 'deploy/helm/zoogate';
const values = readYaml<Record<string, unknown>>(`${folder}/values.yaml`, '1.1');
const schema = JSON.parse(readDeployed(`${folder}/values.schema.json`));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const templates = deployedFiles(`${folder}/templates`);

/** All paths of values, such as `image.tag`; a map without fields of its own is one. */
function pathsOf(object: Record<string, unknown>, above = ''): string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value);
    const path = `${above}${name}`;
    return isBranch && Object.keys(value).length > 0
      ? pathsOf(value as Record<string, unknown>, `${path}.`)
      : [path];
  });
}

describe('the chart', () => {
  test('has the version of zoogate, twice', () => {
    const chart = readYaml<Record<string, unknown>>(`${folder}/Chart.yaml`, '1.1');
    expect(chart).toMatchObject({ apiVersion: 'v2', name: 'zoogate', version, appVersion: version });
  });

  test('has a schema that takes its own values, and no name that is misspelt', () => {
    const validate = new Ajv({ strict: true, allowUnionTypes: true }).compile(schema);
    validate(values);
    expect(validate.errors).toBeNull();
    expect(validate({ ...values, replica: 2 })).toBe(false);
    expect(validate({ ...values, image: { repositori: 'x' } })).toBe(false);
    expect(validate({ ...values, config: { LOG_LEVEL: 'warn' } })).toBe(false);
  });

  test('has the same names in its values and in their schema', () => {
    const isOpen = (path: string) => {
      const place = path
        .split('.')
        .reduce((at: { properties?: Record<string, object> }, name) => at?.properties?.[name] ?? {}, schema);
      return Object.keys(place).length > 0;
    };
    const own = pathsOf(values).filter((path) => !/^(resources|ingress\.annotations)\./.test(path));
    expect(own.filter((path) => !isOpen(path))).toEqual([]);
    const { global: _, ...described } = schema.properties;
    expect(Object.keys(values).sort()).toEqual(Object.keys(described).sort());
  });

  test('uses every value, and none that it does not have', () => {
    const texts = templates.map((name) => readDeployed(`${folder}/templates/${name}`)).join('\n');
    const used = [...new Set([...texts.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = '']) => path))];
    const known = pathsOf(values);
    expect(
      used.filter((path) => !known.some((each) => each === path || each.startsWith(`${path}.`))),
    ).toEqual([]);
    const isUsed = (path: string) => used.some((each) => path === each || path.startsWith(`${each}.`));
    expect(known.filter((path) => !isUsed(path))).toEqual([]);
  });

  test('has the ingress settings of the plain manifests', () => {
    const plain = readYaml<Ingress>('deploy/kubernetes/tls/ingress.yaml', '1.1').metadata?.annotations;
    const { annotations } = values.ingress as { annotations: Record<string, string> };
    expect(plain).toMatchObject(annotations);
  });
});

const helm = process.env.HELM ?? 'helm';
const hasHelm = spawnSync(helm, ['version']).status === 0;

describe.skipIf(!hasHelm)('what Helm makes of the chart', () => {
  const made = mkdtempSync(join(tmpdir(), 'zoogate-chart-'));
  afterAll(() => rmSync(made, { recursive: true }));

  const NEEDED = {
    image: { repository: 'registry.example/zoogate' },
    zookeeper: { servers: 'zk-0.zk.zookeeper:2281,zk-1.zk.zookeeper:2281,zk-2.zk.zookeeper:2281/zoogate' },
  };
  const EVERYTHING = {
    image: { ...NEEDED.image, digest: `sha256:${'0'.repeat(64)}` },
    imagePullSecrets: [{ name: 'pull' }],
    zookeeper: { servers: '[fd00::5]:2181,zk-1.zk:2182,zk-2.zk:2181/zoogate', tls: { enabled: false } },
    secret: { create: true, principals: '{"principals":[]}', zookeeperCredentials: 'zoogate:secret' },
    config: { ZOOGATE_MAX_DATA_BYTES: 1_073_741_824, ZOOGATE_LOG_LEVEL: 'warn' },
    tls: { secretName: 'zoogate-tls' },
    trustedProxies: ['10.244.0.0/16', '10.245.0.0/16'],
    service: { type: 'LoadBalancer', annotations: { a: 'b' } },
    ingress: {
      ...{ enabled: true, host: 'zoogate.example', tlsSecretName: 'host' },
      gatewayIssuerSecret: 'zoogate/zoogate-tls-ca',
    },
    serviceMonitor: { enabled: true, labels: { release: 'x' }, credentials: { secretName: 'metrics' } },
    serviceAccount: { annotations: { a: 'b' } },
    podAnnotations: { a: 'b' },
    podLabels: { a: 'b' },
    priorityClassName: 'high',
    nodeSelector: { a: 'b' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
  };

  function run(command: 'lint' | 'template', given: object): { status: number | null; output: string } {
    const file = join(made, 'values.yaml');
    writeFileSync(file, stringify(given));
    const name = command === 'lint' ? ['--strict'] : ['zoogate', '--namespace=zoogate'];
    const options = [command, ...name, join(root, folder), `--values=${file}`, '--kube-version=1.30.0'];
    const { status, stdout, stderr } = spawnSync(helm, options, { encoding: 'utf8' });
    return { status, output: status === 0 ? stdout : `${stdout}${stderr}` };
  }
  function rendered(given: object): Manifest[] {
    const { status, output } = run('template', given);
    expect(status, output).toBe(0);
    return parseAllDocuments(output, { version: '1.1' }).map((document) => document.toJS() as Manifest);
  }
  const only = <Kind>(objects: Manifest[], kind: string) =>
    objects.find((object) => object.kind === kind) as Kind | undefined;
  const environmentOf = (objects: Manifest[]) => ({
    ZOOGATE_HOST: '0.0.0.0',
    ...only<ConfigMap>(objects, 'ConfigMap')?.data,
  });

  test.each([NEEDED, EVERYTHING])('is well by its linter (%#)', (given) => {
    expect(run('lint', given)).toMatchObject({ status: 0 });
  });

  test.each([NEEDED, EVERYTHING])(
    'is objects of Kubernetes, without a field that it does not know (%#)',
    (given) => {
      const own = rendered(given).filter(({ kind }) => kind !== 'ServiceMonitor');
      expect(own.length).toBeGreaterThan(5);
      expect(typeErrors(own)).toEqual([]);
    },
  );

  test('is by default what the plain manifests are', () => {
    const labels = { 'app.kubernetes.io/name': 'zoogate', 'app.kubernetes.io/instance': 'zoogate' };
    const objects = rendered(NEEDED);
    for (const name of ['deployment', 'service', 'disruption-budget', 'network-policy', 'service-account']) {
      const plain = readYaml<Manifest & { spec?: object }>(`deploy/kubernetes/${name}.yaml`, '1.1');
      const { metadata: _, ...spec } = only<Manifest>(objects, plain.kind) ?? { metadata: {} };
      const { metadata, ...wanted } = plain;
      const text = JSON.stringify(wanted).replaceAll(
        '{"app.kubernetes.io/name":"zoogate"}',
        JSON.stringify(labels),
      );
      expect(spec, name).toMatchObject(
        JSON.parse(text.replace('"image":"zoogate"', `"image":"registry.example/zoogate:${version}"`)),
      );
      expect(metadata.name).toBe('zoogate');
    }
  });

  test('gives gateways a configuration that they start with', () => {
    const plain = readGatewayConfiguration(environmentOf(rendered(NEEDED)));
    expect(plain).toMatchObject({ zooKeeper: NEEDED.zookeeper.servers, tls: undefined });
    expect(plain.ensembleAccess.tls?.caFile).toBe('/etc/zoogate/secret/zookeeper-ca.pem');
    const full = readGatewayConfiguration(environmentOf(rendered(EVERYTHING)));
    expect(full).toMatchObject({
      maxDataBytes: 1_073_741_824,
      logLevel: 'warn',
      tls: { certificateFile: '/etc/zoogate/tls/tls.crt' },
    });
    expect(full.trustedProxies).toHaveLength(2);
    expect(full.ensembleAccess.tls).toBeUndefined();
  });

  test('mounts each file that the configuration names', () => {
    for (const given of [NEEDED, EVERYTHING]) {
      const objects = rendered(given);
      const { containers = [], volumes = [] } =
        only<Deployment>(objects, 'Deployment')?.spec?.template.spec ?? {};
      const mounted = (containers[0]?.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
        const { items = [] } = volumes.find((volume) => volume.name === name)?.secret ?? {};
        return name === 'tls'
          ? ['tls.crt', 'tls.key'].map((key) => `${mountPath}/${key}`)
          : items.map(({ path }) => `${mountPath}/${path}`);
      });
      const named = Object.values(environmentOf(objects)).filter((value) => value.startsWith('/etc/'));
      expect(mounted.sort()).toEqual(named.sort());
      const secret = only<Secret>(objects, 'Secret');
      if (secret !== undefined) {
        const kept = Object.keys(secret.data ?? {}).map((key) => `/etc/zoogate/secret/${key}`);
        expect(mounted).toEqual(expect.arrayContaining(kept));
      }
    }
  });

  test('lets gateways reach each port of the ensemble', () => {
    const policy = only<NetworkPolicy>(rendered(EVERYTHING), 'NetworkPolicy');
    const ports = policy?.spec?.egress?.flatMap((rule) => rule.ports?.map(({ port }) => port));
    expect(ports).toEqual([53, 53, 2181, 2182, 443, 4318]);
  });

  test('asks gateways that speak TLS over HTTPS, and has the ingress check them', () => {
    const objects = rendered(EVERYTHING);
    const [container] = only<Deployment>(objects, 'Deployment')?.spec?.template.spec?.containers ?? [];
    for (const probe of [container?.startupProbe, container?.livenessProbe, container?.readinessProbe])
      expect(probe?.httpGet).toMatchObject({ port: 'http', scheme: 'HTTPS' });
    const { annotations } = only<Ingress>(objects, 'Ingress')?.metadata ?? {};
    expect(annotations).toMatchObject({
      'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS',
      'nginx.ingress.kubernetes.io/proxy-ssl-verify': 'on',
      'nginx.ingress.kubernetes.io/proxy-ssl-name': 'zoogate.zoogate.svc',
    });
  });

  test.each([
    [{}, 'Set zookeeper.servers'],
    [{ zookeeper: NEEDED.zookeeper }, 'Set image.repository'],
    [{ ...NEEDED, ingress: { enabled: true, host: 'zoogate.example' } }, 'Set ingress.tlsSecretName'],
    [{ ...NEEDED, secret: { create: true, zookeeperCredentials: 'a:b' } }, 'Set secret.principals'],
    [{ ...NEEDED, replica: 2 }, "'replica' not allowed"],
  ])('says what is missing or misspelt (%#)', (given, message) => {
    const { status, output } = run('template', given);
    expect(status).not.toBe(0);
    expect(output).toContain(message);
  });

  test('comes of the command in its README', () => {
    const [, options = ''] = /^helm install (.*)$/m.exec(readDocument(`${folder}/README.md`)) ?? [];
    const output = execFileSync('sh', ['-c', `"$0" template --kube-version=1.30.0 ${options}`, helm], {
      ...{ cwd: root, encoding: 'utf8' },
    });
    const objects = parseAllDocuments(output, { version: '1.1' }).map(
      (document) => document.toJS() as Manifest,
    );
    expect(objects).toEqual(rendered(NEEDED));
  });
});
