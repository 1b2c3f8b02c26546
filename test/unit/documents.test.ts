/**
 * What holds for every page of the documentation. Blocks of `sh` are run by test/integration/documented-commands.test.ts;
 * here is made certain that no command escapes it unseen.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  anchorsOf,
  commandsNotRun,
  documentPaths,
  fencedBlocks,
  readDocument,
  relativeLinks,
} from '../support/documents.ts';

const root = join(import.meta.dirname, '../..');
const documents = documentPaths().map((path) => ({ path, text: readDocument(path) }));

/**
 * The commands that are not run as they stand, in blocks of `shell` or in the text: the test that does what they do, or
 * why there is none.
 */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm start': 'test/integration/start.test.ts',
  'npm ci': '.ci/run begins with it',
  'git clone <this repository> zoogate && cd zoogate': 'it is not published yet',
  'npm run check': 'it runs most of the tests itself',
  'npm run fixture -- --commit COMMIT': 'test/integration/upgrades.test.ts',
  'npm run build': 'test/integration/access.test.ts',
  'npm run key': 'test/integration/access.test.ts',
  'node dist/main.js': 'test/integration/image.test.ts',
  'ZOOGATE_API_KEY_HASH=sha256:… ZOOGATE_HOST=0.0.0.0 node dist/main.js': 'test/integration/access.test.ts',
  'ZOOGATE_API_KEY_HASH=sha256:… ZOOGATE_HOST=0.0.0.0 ZOOGATE_ZOOKEEPER=zk1:2181,zk2:2181,zk3:2181/zoogate node dist/main.js':
    'test/integration/access.test.ts',
  'npm run secure -- --check': 'test/integration/zookeeper/secure-tree.test.ts',
  'npm run secure': 'test/integration/zookeeper/secure-tree.test.ts',
  'node dist/secure.js': 'test/integration/image.test.ts',
  'npm run sizing': 'test/unit/bench/sizing.test.ts',
  '# copy the files of one server': 'test/integration/backup.test.ts',
  '# put them into each server': 'test/integration/backup.test.ts',
  'echo srvr | curl -s telnet://zk1:2181 | grep Mode': 'test/integration/backup.test.ts',
  // Takes a minute, which it takes there already.
  'curl -s -w \'%{http_code} %{time_total}\\n\' -X POST "$queue/messages/receive?waitSeconds=50"':
    'test/integration/load-balancer/deployment.test.ts',
  // These need a daemon; what they are given is checked, and the image's steps are taken without one.
  'docker build -f deploy/Dockerfile -t zoogate .': 'test/integration/image.test.ts',
  'docker compose up': 'test/unit/deploy/compose.test.ts',
  'docker compose config --resolve-image-digests': 'needs a registry as well',
  'kubectl apply -k deploy/kubernetes': 'test/unit/deploy/kubernetes.test.ts',
  // These need a cluster; what Helm makes of its options is compared.
  "helm install zoogate deploy/helm/zoogate -n zoogate --set image.repository=registry.example/zoogate --set 'zookeeper.servers=zk-0.zk.zookeeper:2281\\,zk-1.zk.zookeeper:2281\\,zk-2.zk.zookeeper:2281/zoogate'":
    'test/unit/deploy/helm.test.ts',
  'kubectl create namespace zoogate': 'needs a cluster',
  'kubectl label namespace zoogate pod-security.kubernetes.io/enforce=restricted': 'needs a cluster',
  'kubectl -n zoogate create secret generic zoogate --from-file=principals.json --from-file=zookeeper-credentials --from-file=zookeeper-ca.pem':
    'needs a cluster',
  'kubectl -n zoogate rollout restart deployment zoogate': 'needs a cluster',
  'node dist/key.js': 'test/integration/package.test.ts',
};

/** Blocks that are no commands. */
const SHOWN = ['', 'json', 'text', 'yaml', 'properties'];

describe('a command', () => {
  test('stands in a block of sh, which is run, or of shell', () => {
    const strange = documents.flatMap(({ path, text }) =>
      fencedBlocks(text)
        .filter(({ language }) => !['sh', 'shell', ...SHOWN].includes(language))
        .map(({ language }) => `${path}: ${language}`),
    );
    expect(strange).toEqual([]);
  });

  test('is in a block that begins and ends at the margin, where it is found', () => {
    for (const { path, text } of documents) {
      const fences = text.match(/^\s*(```|~~~)/gm) ?? [];
      expect(fences.length, path).toBe(2 * fencedBlocks(text).length);
    }
  });

  test('that is not run as it stands is known, with what is run instead', () => {
    const shown = documents.flatMap(({ text }) => commandsNotRun(text));
    expect([...new Set(shown)].sort()).toEqual(Object.keys(NOT_RUN).sort());
    const tests = Object.entries(NOT_RUN).filter(([, instead]) => instead.startsWith('test/'));
    expect(tests.filter(([, path]) => !existsSync(join(root, path)))).toEqual([]);
    // Who runs a block that has a name looks for it by that.
    for (const [command, path] of tests) {
      if (command.startsWith('# '))
        expect(readFileSync(join(root, path), 'utf8')).toContain(command.slice(2));
    }
  });

  test('of npm run has a script', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name = '']) => ({ path, name })),
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter(({ name }) => !(name in scripts))).toEqual([]);
  });

  test('of npm has a row in docs/commands.md', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const page = readDocument('docs/commands.md');
    const missing = Object.keys(scripts)
      .filter((name) => !name.startsWith('pre') && !name.startsWith('post'))
      .filter((name) => !new RegExp(`^\\|.*\`npm (?:run )?${name}[\` ]`, 'm').test(page));
    expect(missing).toEqual([]);
  });
});

describe('what a page shows', () => {
  test('as JSON or YAML is JSON or YAML', () => {
    for (const { path, text } of documents) {
      for (const block of fencedBlocks(text)) {
        if (block.language === 'json') expect(() => JSON.parse(block.text), path).not.toThrow();
        if (block.language === 'yaml') expect(() => parse(block.text), path).not.toThrow();
      }
    }
  });
});

describe('a link within the repository', () => {
  const links = documents.flatMap(({ path, text }) =>
    relativeLinks(text).map((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file));
      return { path, link, target, anchor };
    }),
  );

  test('leads to a file or a folder', () => {
    expect(links.length).toBeGreaterThan(50);
    const broken = links.filter(({ target }) => !existsSync(join(root, target)));
    expect(broken.map(({ path, link }) => `${path}: ${link}`)).toEqual([]);
  });

  test('leads to a heading, if it names one', () => {
    const pointing = links.filter(({ anchor }) => anchor !== undefined);
    expect(pointing.length).toBeGreaterThan(0);
    const broken = pointing.filter(
      ({ target, anchor = '' }) => !target.endsWith('.md') || !anchorsOf(readDocument(target)).has(anchor),
    );
    expect(broken.map(({ path, link }) => `${path}: ${link}`)).toEqual([]);
  });

  test('is written where it stands, not apart from it', () => {
    expect(documents.filter(({ text }) => /^\[[^\]]+\]: /m.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

test('every page can be found from the README', () => {
  const found = new Set(['README.md']);
  // Grows while it is gone through.
  for (const path of found) {
    for (const link of relativeLinks(readDocument(path))) {
      const target = normalize(join(dirname(path), link.split('#')[0] ?? ''));
      if (target.endsWith('.md') && existsSync(join(root, target))) found.add(target);
    }
  }
  expect(documents.filter(({ path }) => !found.has(path)).map(({ path }) => path)).toEqual([]);
});

describe('what architecture and decisions name', () => {
  const pages = documents.filter(({ path }) => /^docs\/(architecture|decisions\/)/.test(path));
  const paths = (text: string) =>
    text.match(/(?<![\w/.])(?:src|test|docs|deploy|sdk|fuzz|openapi)\/[\w./-]*/g) ?? [];

  test('as a path is a file or a folder', () => {
    const named = pages.flatMap(({ path, text }) =>
      paths(text).map((name) => ({ page: path, name: name.replace(/\.$/, '') })),
    );
    expect(named.length).toBeGreaterThan(60);
    expect(named.filter(({ name }) => !existsSync(join(root, name)))).toEqual([]);
  });

  test('as a function of a file is in that file', () => {
    const named = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/`(\w+)`\s+\(`((?:src|test)\/[\w./-]+\.ts)`\)/g)].map(([, name = '', file = '']) => ({
        page: path,
        name,
        file,
      })),
    );
    expect(named.length).toBeGreaterThan(20);
    const missing = named.filter(
      ({ name, file }) => !new RegExp(`\\b${name}\\b`).test(readFileSync(join(root, file), 'utf8')),
    );
    expect(missing).toEqual([]);
  });

  test('as a file of the cursor is one', () => {
    const rows = readDocument('docs/architecture.md').match(/^\| (`[\w-]+\.ts`(, )?)+ \|/gm) ?? [];
    const named = rows.flatMap((row) => [...row.matchAll(/`([\w-]+\.ts)`/g)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !existsSync(join(root, 'src/queue/cursor', name)))).toEqual([]);
  });
});
