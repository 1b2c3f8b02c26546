/** The architecture's rules, held against every source file: who imports whom, and what may be named where. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const LINES_MAX = 300;
/** The rooms of the engine: each may rely on those before it. */
const ENGINE_ROOMS = [
  'model',
  'zookeeper',
  'runtime',
  'commit',
  'limits',
  'log',
  'cursor',
  'topics',
  'verbs',
];
/** Files of the engine in no room: its face, and what puts the rooms together. */
const LOOSE_FILES_MAX = 5;

interface Import {
  /** As written, or from the root of the repository when it is relative. */
  readonly target: string;
  readonly isType: boolean;
}

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Without comments and imports. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const files = sourceFiles('src');
const programs = [
  ...files,
  ...sourceFiles('bench'),
  ...sourceFiles('chaos'),
  ...sourceFiles('fuzz'),
  ...sourceFiles('sdk'),
  ...sourceFiles('test'),
];
const below = (folder: string) => files.filter(({ path }) => path.startsWith(`${folder}/`));

describe('who imports whom', () => {
  it('routes know no more of the engine than its face', () => {
    const face = 'src/queue/index.ts';
    expect(
      importing(below('src/routes'), (target) => isBelow(target, 'src/queue') && target !== face),
    ).toEqual([]);
  });

  it('a door for a protocol knows what all doors share, and no other door', () => {
    const doors = roomsOf('src/routes').filter((room) => room !== 'http');
    const doorOf = (path: string) => doors.find((door) => isBelow(path, `src/routes/${door}`));
    const isElsewhere = (target: string, _isType: boolean, path: string) =>
      doorOf(target) !== undefined && doorOf(target) !== doorOf(path);
    const inside = files.filter(({ path }) =>
      roomsOf('src/routes').some((r) => isBelow(path, `src/routes/${r}`)),
    );
    expect(importing(inside, isElsewhere)).toEqual([]);
  });

  it('the engine knows nothing of routes, configuration or the program around it', () => {
    const foreign = (target: string) => isBelow(target, 'src') && !isBelow(target, 'src/queue');
    expect(importing(below('src/queue'), foreign)).toEqual([]);
    const outer = /^(fastify|@fastify|pino|zod|prom-client|@opentelemetry)/;
    expect(importing(below('src/queue'), (target) => outer.test(target))).toEqual([]);
  });

  it('a room of the engine imports from itself and from those before it, types included', () => {
    expect(roomsOf('src/queue')).toEqual([...ENGINE_ROOMS].sort());
    expect(importing(below('src/queue'), (target, _isType, path) => isUpward(path, target))).toEqual([]);
    const loose = below('src/queue').filter(({ path }) => dirname(path) === 'src/queue');
    expect(loose.length).toBeLessThanOrEqual(LOOSE_FILES_MAX);
  });

  it('the model is pure', () => {
    const impure = (target: string) => target.startsWith('node:') && target !== 'node:crypto';
    expect(importing(below('src/queue/model'), impure)).toEqual([]);
  });

  it('outside src/queue/zookeeper the engine knows the store by its port and its paths alone', () => {
    const offered = ['store.ts', 'paths.ts'].map((name) => `src/queue/zookeeper/${name}`);
    const engine = below('src/queue').filter(({ path }) => !isBelow(path, 'src/queue/zookeeper'));
    const inner = (target: string) => isBelow(target, 'src/queue/zookeeper') && !offered.includes(target);
    expect(importing(engine, inner)).toEqual([]);
  });

  it('one file knows the ZooKeeper client', () => {
    const client = (target: string, isType: boolean) => target.startsWith('node-zookeeper-client') && !isType;
    expect(filesOf(importing(files, client))).toHaveLength(1);
    expect(filesOf(importing(files, (target) => target.startsWith('node-zookeeper-client')))).toSatisfy(
      (paths: string[]) => paths.every((path) => isBelow(path, 'src/queue/zookeeper')),
    );
  });

  it('one folder knows how metrics are shown, and one how traces are sent; those who count know neither', () => {
    const outside = (folder: string) => files.filter(({ path }) => !isBelow(path, folder));
    expect(importing(outside('src/metrics'), (target) => target === 'prom-client')).toEqual([]);
    const traces = (target: string) => target.startsWith('@opentelemetry/');
    expect(importing(outside('src/tracing'), traces)).toEqual([]);
    // Shown and sent is what the face of the engine and the counts of the routes tell, and which version this is.
    const observers = [...below('src/metrics'), ...below('src/tracing')];
    const offered = ['src/queue/index.ts', 'src/routes/http/http-counts.ts', 'src/version.ts'];
    const foreign = (target: string) =>
      isBelow(target, 'src') &&
      !isBelow(target, 'src/metrics') &&
      !isBelow(target, 'src/tracing') &&
      !offered.includes(target);
    expect(importing(observers, foreign)).toEqual([]);
  });

  it('nobody imports in a circle', () => {
    expect(circles()).toEqual([]);
  });
});

describe('what may be named where', () => {
  it('the process is touched by the programs alone', () => {
    const touching = /\bprocess\.(env|on|once|exit|stdout|stderr|argv|kill|send)\b/;
    const others = files.filter(({ path }) => !['src/main.ts', 'src/secure.ts', 'src/key.ts'].includes(path));
    expect(naming(others, touching)).toEqual([]);
    expect(importing(others, (target) => /^(node:)?process$/.test(target))).toEqual([]);
  });

  it('time, timers and chance enter the engine through its runtime alone', () => {
    const engine = below('src/queue').filter(
      ({ path }) => path !== 'src/queue/runtime/system-runtime.ts' && !isBelow(path, 'src/queue/zookeeper'),
    );
    const world =
      /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\b(set|clear)(Timeout|Interval|Immediate)\b|\bperformance\.now\b|\brandom(Bytes|UUID|Int)\b/;
    expect(naming(engine, world)).toEqual([]);
    expect(importing(engine, (target) => /^node:(timers|perf_hooks)/.test(target))).toEqual([]);
  });

  it('time and chance are passed into the store as well', () => {
    const store = below('src/queue/zookeeper');
    const called = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\(|\brandom(Bytes|UUID|Int)\(/;
    expect(naming(store, called)).toEqual([]);
  });

  it('paths of ZooKeeper are spelled in one file', () => {
    const spelled =
      /['"`]\/(layout|clock|topics|data|trash|log|subscriptions|cursor|attempts|scheduled|dedup)\b/;
    const others = below('src/queue').filter(({ path }) => path !== 'src/queue/zookeeper/paths.ts');
    expect(naming(others, spelled)).toEqual([]);
  });
});

describe('every source file', () => {
  it(`has at most ${LINES_MAX} lines`, () => {
    const long = programs.filter(({ text }) => text.split('\n').length - 1 > LINES_MAX);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  it('is named for what it holds', () => {
    const empty = /(^|-)(utils?|helpers?|commons?|managers?|services?|base|misc|shared|lib)(-|\.|$)/;
    const named = programs.map(({ path }) => path);
    expect(named.filter((path) => empty.test(basename(path)))).toEqual([]);
    expect(named.filter((path) => !/^[a-z0-9]+([-.][a-z0-9]+)*\.ts$/.test(basename(path)))).toEqual([]);
  });

  it('opens by saying what it holds', () => {
    const opened = programs.filter(({ path }) => !isBelow(path, 'test'));
    expect(opened.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('keeps no state of its own: only those who are constructed do', () => {
    const state = /^(export )?(let|var) /m;
    expect(naming(files, state)).toEqual([]);
  });
});

describe('a test of one file', () => {
  const tested = (path: string) =>
    path.replace('test/unit/', 'src/').replace(/(\.property)?\.test\.ts$/, '.ts');
  const tests = sourceFiles('test/unit')
    .map(({ path }) => path)
    .filter((path) => path.endsWith('.test.ts'));
  const paths = new Set(files.map(({ path }) => path));

  it('stands where that file does, under its name; what is of the whole engine is in test/unit/queue/engine', () => {
    const ofFiles = tests.filter(
      (path) =>
        (isBelow(path, 'test/unit/queue') && !isBelow(path, 'test/unit/queue/engine')) ||
        isBelow(path, 'test/unit/routes'),
    );
    expect(ofFiles.length).toBeGreaterThan(50);
    expect(ofFiles.filter((path) => !paths.has(tested(path)))).toEqual([]);
  });

  it('is there for every file of the model that does something', () => {
    const acting = below('src/queue/model').filter(({ code }) =>
      /^export (async )?(function|class) /m.test(code),
    );
    const covered = new Set(tests.map(tested));
    expect(acting.map(({ path }) => path).filter((path) => !covered.has(path))).toEqual([]);
  });
});

function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => sourceFile(`${folder}/${name.replaceAll('\\', '/')}`))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const statements = /^(?:import|export)\s+(type\s+)?(?:[\w*\s{},]+?\sfrom\s+)?'([^']+)';/gm;
  const imports = [...text.matchAll(statements)].map(([, type, written = '']): Import => {
    const target = written.startsWith('.') ? normalize(join(dirname(path), written)) : written;
    return { target: target.replaceAll('\\', '/'), isType: type !== undefined };
  });
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replaceAll(statements, '');
  return { path, text, code, imports };
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`);
}

function roomsOf(folder: string): string[] {
  const rooms = below(folder).map(({ path }) => path.slice(folder.length + 1).split('/'));
  return [
    ...new Set(rooms.flatMap(([room, ...rest]) => (rest.length > 0 && room !== undefined ? [room] : []))),
  ].sort();
}

/** Whether a file of one of the engine's rooms imports from a later one, or from what puts the rooms together. */
function isUpward(path: string, target: string): boolean {
  const place = (file: string) => ENGINE_ROOMS.findIndex((room) => isBelow(file, `src/queue/${room}`));
  if (place(path) < 0 || !isBelow(target, 'src/queue')) return false;
  return place(target) < 0 || place(target) > place(path);
}

/** Those imports of the files that are of a kind, as `importer -> imported`. */
function importing(
  importers: readonly SourceFile[],
  isOfKind: (target: string, isType: boolean, path: string) => boolean,
): string[] {
  return importers.flatMap(({ path, imports }) =>
    imports
      .filter(({ target, isType }) => isOfKind(target, isType, path))
      .map(({ target }) => `${path} -> ${target}`),
  );
}

function filesOf(arrows: readonly string[]): string[] {
  return [...new Set(arrows.map((arrow) => arrow.split(' -> ')[0] ?? ''))];
}

function naming(searched: readonly SourceFile[], pattern: RegExp): string[] {
  return searched.flatMap(({ path, code }) => {
    const found = pattern.exec(code);
    return found === null ? [] : [`${path}: ${found[0].trim()}`];
  });
}

/** Circles of imports that are there when the program runs; types are gone by then. */
function circles(): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) found.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
    if (done.has(path) || trail.includes(path)) return;
    for (const { target, isType } of byPath.get(path)?.imports ?? [])
      if (!isType) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
}
