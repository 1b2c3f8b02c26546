/**
 * The workflows for GitHub, as far as they can be judged without it: their rights, their limits, and that what they run is
 * there. actionlint, which CI runs, judges the rest.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deployedFiles, readDeployed, readYaml } from '../../support/deployment-files.ts';
import { readDocument, tableRows } from '../../support/documents.ts';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly 'timeout-minutes'?: number;
  readonly uses?: string;
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly strategy?: { readonly matrix: { readonly node: number[]; readonly zookeeper: string[] } };
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const root = join(import.meta.dirname, '../../..');
const folder = '.github/workflows';
const workflows = deployedFiles(folder).map(
  (name) => [name, readYaml<Workflow>(`${folder}/${name}`)] as const,
);
const { scripts, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe.each(workflows)('the workflow %s', (_name, { permissions, jobs }) => {
  const steps = Object.values(jobs).flatMap((job) => job.steps ?? []);
  const commands = steps.flatMap(({ run = '' }) => run.split('\n'));

  test('may read, and more only where it says so; and ends in time', () => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const [id, job] of Object.entries(jobs)) {
      if (job.uses === undefined) expect(job['timeout-minutes'], id).toBeGreaterThan(0);
    }
  });

  test('leaves no credentials in a checkout, and puts nothing from outside into a command', () => {
    for (const step of steps.filter(({ uses = '' }) => uses.startsWith('actions/checkout@')))
      expect(step.with).toMatchObject({ 'persist-credentials': false });
    expect(commands.filter((line) => line.includes('${{'))).toEqual([]);
  });

  test('runs scripts and files that are there', () => {
    const named = commands.flatMap((line) =>
      [...line.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
    const files = commands.filter((line) => line.startsWith('.'));
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    for (const { with: given = {} } of steps)
      if (given.file !== undefined) expect(existsSync(join(root, String(given.file)))).toBe(true);
  });
});

test('CI runs everything on each version that is supported', () => {
  const { test: job } = readYaml<Workflow>(`${folder}/ci.yml`).jobs;
  expect(job?.steps?.at(-1)).toEqual({ run: '.ci/run' });
  const { node, zookeeper } = job?.strategy?.matrix ?? { node: [], zookeeper: [] };
  const page = readDocument('docs/support.md');
  const named = (heading: string) => tableRows(page, heading).map(([first = '']) => first);
  const majors = named('Node.js').map((text) => Number.parseInt(text, 10));
  expect(majors.filter((major) => !Number.isNaN(major)).sort()).toEqual([...node].sort());
  const recommended = named('ZooKeeper').filter((text) => /and newer/.test(text));
  expect(recommended.map((text) => text.split(' ')[0]).sort()).toEqual([...zookeeper].sort());
});

describe('a release', () => {
  const { jobs } = readYaml<Workflow>(`${folder}/release.yml`);

  test('publishes nothing before everything is tested, and somebody has approved', () => {
    for (const [id, job] of Object.entries(jobs)) {
      const writes = Object.values(job.permissions ?? {}).includes('write');
      if (!writes) continue;
      const before = new Set(reach(id));
      expect([id, before.has('ci'), before.has('version')]).toEqual([id, true, true]);
      if (id !== 'notes') expect([id, job.environment]).toEqual([id, 'release']);
    }
    expect(reach('notes')).toEqual(expect.arrayContaining(['image', 'package', 'chart']));
  });

  function reach(id: string): string[] {
    const next = [jobs[id]?.needs ?? []].flat();
    return [...next, ...next.flatMap(reach)];
  }

  test('has the version of package.json everywhere, and in the changelog', () => {
    const changelog = readDocument('CHANGELOG.md');
    const [newest = ''] = changelog.match(/^## .*$/m) ?? [];
    expect(newest).toMatch(new RegExp(`^## ${version.replaceAll('.', '\\.')} – (not released yet|[\\d-]+)$`));
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
    expect([lock.version, lock.packages[''].version]).toEqual([version, version]);
    const { images } = readYaml<{ images: { newTag: string }[] }>('deploy/kubernetes/kustomization.yaml');
    expect(images[0]?.newTag).toBe(version);
  });

  test('finds in the values of the chart what it fills in', () => {
    const values = readDeployed('deploy/helm/zoogate/values.yaml');
    expect(values).toMatch(/^ {2}repository: ""$/m);
    expect(values).toMatch(/^ {2}digest: ""$/m);
  });
});

describe('a template for issues', () => {
  const templates = deployedFiles('.github/ISSUE_TEMPLATE').filter((name) => name !== 'config.yml');

  test.each(templates)('%s asks in a form that GitHub takes', (name) => {
    const form = readYaml<{
      name: string;
      description: string;
      body: { type: string; id?: string; attributes: object }[];
    }>(`.github/ISSUE_TEMPLATE/${name}`);
    expect(form.name.length).toBeGreaterThan(3);
    expect(form.description.length).toBeGreaterThan(3);
    for (const { type, id, attributes } of form.body) {
      expect(['markdown', 'textarea', 'input', 'dropdown', 'checkboxes']).toContain(type);
      expect(attributes).toHaveProperty(type === 'markdown' ? 'value' : 'label');
      expect(id === undefined).toBe(type === 'markdown');
    }
    const ids = form.body.flatMap(({ id = [] }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
