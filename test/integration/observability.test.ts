/** What an operator sees of a gateway process: its metrics, what the dashboard and the alerts make of them, its audit log. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { type MetricFamily, metricValue, parseMetrics } from '../support/metrics-text.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url)), 'utf8');

let server: ZooKeeperServer;
let gateway: GatewayProcess;
let directory: string;
let auditFile: string;
let families: MetricFamily[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'zoogate-observed-'));
  auditFile = join(directory, 'audit.log');
  server = await startZooKeeper();
  gateway = await GatewayProcess.start({
    zooKeeper: `${server.address}/observed`,
    variables: { ZOOGATE_AUDIT_FILE: auditFile, ZOOGATE_METRICS_NAMES_MAX: '1', ZOOGATE_LOG_LEVEL: 'warn' },
  });
  for (const queue of ['first', 'second']) {
    const path = `${gateway.url}/v1/queues/${queue}`;
    expect((await fetch(path, { method: 'PUT' })).status).toBe(201);
    expect((await fetch(`${path}/messages`, { method: 'POST', body: 'secret' })).status).toBe(201);
  }
  families = parseMetrics(await (await fetch(`${gateway.url}/metrics`)).text());
});
afterAll(async () => {
  await gateway?.kill();
  await server?.stop();
  if (directory !== undefined) rmSync(directory, { recursive: true });
});

/** Names of metrics in an expression: what is followed by labels, a range, or nothing of a function's. */
function metricsIn(expression: string): string[] {
  const withoutLabels = expression.replaceAll(/"[^"]*"/g, '""').replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, ' ');
  const withoutGroups = withoutLabels.replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ');
  const words = [...withoutGroups.matchAll(/[a-zA-Z_:][\w:]*(?!\w*\s*\()/g)].map(([word]) => word);
  return words.filter((word) => !['and', 'or', 'unless', 'up'].includes(word));
}

/** What the text of the metrics has samples of, or would have. */
function known(name: string): boolean {
  return families.some(
    (family) =>
      family.name === name ||
      (family.type === 'histogram' &&
        ['_bucket', '_sum', '_count'].some((end) => family.name + end === name)),
  );
}

describe('the metrics of a gateway process', () => {
  test('tell of the process and its event loop', () => {
    expect(metricValue(families, 'process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(known('nodejs_eventloop_lag_p99_seconds')).toBe(true);
    expect(known('process_cpu_seconds_total')).toBe(true);
  });

  test('tell how full the store is', () => {
    expect(metricValue(families, 'zoogate_data_bytes')).toBeGreaterThan(0);
    expect(metricValue(families, 'zoogate_data_limit_bytes')).toBe(536_870_912);
  });

  test('name as many queues as the variable says', () => {
    const published = 'zoogate_messages_published_total';
    expect(metricValue(families, published, { queue: 'first' })).toBe(1);
    expect(metricValue(families, published, { queue: 'second' })).toBeUndefined();
    expect(metricValue(families, published, { queue: '_other' })).toBe(1);
  });
});

describe('of the metrics that exist, and of no others,', () => {
  test('the dashboard makes its panels', () => {
    const { panels, templating } = JSON.parse(read('grafana/zoogate.json')) as {
      panels: { id: number; type: string; title: string; targets?: { expr: string }[] }[];
      templating: { list: { definition?: string }[] };
    };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const asked = templating.list.flatMap(
      ({ definition = '' }) => /label_values\((\w+)/.exec(definition)?.[1] ?? [],
    );
    expect(expressions.length).toBeGreaterThan(40);
    const names = [...expressions.flatMap(metricsIn), ...asked];
    expect(names.filter((name) => !known(name))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    // Whatever is counted can be seen.
    const ours = families.map(({ name }) => name).filter((name) => name.startsWith('zoogate_'));
    const shown = new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    expect(ours.filter((name) => !shown.has(name) && name !== 'zoogate_entry_cache_entries')).toEqual([]);
  });

  test('the alerts make their conditions', () => {
    const rules = read('prometheus-alerts.yml');
    const expressions = [...rules.matchAll(/^ {8}expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(
      ([, folded, plain]) => folded ?? plain ?? '',
    );
    expect(expressions).toHaveLength(rules.match(/^ {6}- alert: /gm)?.length ?? 0);
    expect(expressions.length).toBeGreaterThan(10);
    expect(expressions.flatMap(metricsIn).filter((name) => !known(name))).toEqual([]);
  });
});

test('the audit log of a gateway process is a file of its own, and has nothing of a message in it', () => {
  const text = readFileSync(auditFile, 'utf8');
  const entries = text.trimEnd().split('\n');
  expect(entries.map((line) => JSON.parse(line))).toMatchObject([
    { audit: true, action: 'create', resource: 'queue', name: 'first', outcome: 'ok', status: 201 },
    { audit: true, action: 'create', resource: 'queue', name: 'second', outcome: 'ok', status: 201 },
  ]);
  expect(text).not.toContain('secret');
  expect(gateway.output).not.toContain('"audit":true');
});

test('a gateway whose audit log cannot be opened does not start', async () => {
  const other = new GatewayProcess({
    zooKeeper: `${server.address}/observed`,
    variables: { ZOOGATE_AUDIT_FILE: join(directory, 'missing', 'audit.log') },
  });
  expect((await other.ended).code).toBe(1);
  expect(other.output).toMatch(/The gateway cannot start: ENOENT.*audit\.log/);
});
