/**
 * Finds the Java program and the class path that run a ZooKeeper server on this machine, and installs the system's
 * own packages when there is none.
 *
 * Nothing is installed by `findZooKeeper`; `installZooKeeper` never asks and never calls sudo: without the rights it
 * needs, it names the command to run and gives up.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} ZooKeeperInstallation
 * @property {string} java the Java program
 * @property {string} classPath class path with ZooKeeper, what it depends on, and a logging backend
 * @property {string} origin where it was found, for messages
 */

/** @typedef {Record<string, string | undefined>} Environment */

const debianJar = '/usr/share/java/zookeeper.jar';
/** Debian's zookeeper.jar names its dependencies in its manifest, but no logging backend, nor all that TLS takes. */
const debianMissingJars = ['/usr/share/java/slf4j-simple.jar', '/usr/share/java/netty-codec.jar'];
const debianPackages = ['libzookeeper-java', 'default-jre-headless'];
const homebrewPrefixes = ['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'];
const mainClass = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';

export class ZooKeeperMissingError extends Error {
  /** @override */
  name = 'ZooKeeperMissingError';
}

/**
 * The installation to use: `$ZOOKEEPER_HOME`, Debian's package, a `zkServer` on the PATH, or Homebrew, in this order.
 *
 * @param {Environment} [environment]
 * @returns {ZooKeeperInstallation}
 * @throws {ZooKeeperMissingError} saying what to install or which variable to set
 */
export function findZooKeeper(environment = process.env) {
  const jars = findClassPath(environment);
  const java = findJava(environment);
  if (jars !== undefined && java !== undefined) return { java, ...jars };
  const missing =
    jars === undefined && java === undefined
      ? 'Neither ZooKeeper nor Java was found.'
      : jars === undefined
        ? 'ZooKeeper was not found.'
        : `ZooKeeper was found (${jars.origin}), but no Java to run it.`;
  throw new ZooKeeperMissingError(`${missing} ${advice(environment)}`);
}

/**
 * As `findZooKeeper`, after installing the system's packages when something is missing.
 *
 * @param {object} [options]
 * @param {Environment} [options.environment]
 * @param {(line: string) => void} [options.report] is told what is being done
 * @returns {ZooKeeperInstallation}
 * @throws {ZooKeeperMissingError} when it is missing and cannot be installed without asking
 */
export function installZooKeeper({ environment = process.env, report = () => {} } = {}) {
  try {
    return findZooKeeper(environment);
  } catch (error) {
    // An installation that was named but does not work is a mistake to correct, not a reason to install another.
    if (!(error instanceof ZooKeeperMissingError) || environment.ZOOKEEPER_HOME) throw error;
    const installer = findInstaller(environment);
    if (installer === undefined || !installer.allowed) throw error;
    report(`Installing ZooKeeper: ${installer.command.join(' ')}`);
    installer.install();
    return findZooKeeper(environment);
  }
}

/**
 * Arguments for Java that run a server from a configuration file, logging warnings and worse to its output.
 *
 * @param {ZooKeeperInstallation} installation
 * @param {object} options
 * @param {string} options.configFile absolute path of the zoo.cfg
 * @param {number} options.heapMegabytes
 * @param {'debug' | 'info' | 'warn' | 'error'} [options.logLevel]
 * @returns {string[]}
 */
export function zooKeeperArguments(installation, { configFile, heapMegabytes, logLevel = 'warn' }) {
  // Debian logs through slf4j-simple, the Apache distribution through logback (3.8 and later) or log4j 1: each
  // ignores the settings of the others.
  const logging = fileURLToPath(new URL('zookeeper-logging/', import.meta.url));
  return [
    `-Xmx${heapMegabytes}m`,
    // A server out of memory limps on half dead; ended, it is restarted from what it has on disk.
    '-XX:+ExitOnOutOfMemoryError',
    '-Djava.awt.headless=true',
    '-Dzookeeper.jmx.log4j.disable=true',
    `-Dzoogate.zookeeper.loglevel=${logLevel.toUpperCase()}`,
    `-Dlogback.configurationFile=${join(logging, 'logback.xml')}`,
    `-Dlog4j.configuration=file:${join(logging, 'log4j.properties')}`,
    `-Dorg.slf4j.simpleLogger.defaultLogLevel=${logLevel}`,
    '-Dorg.slf4j.simpleLogger.showDateTime=true',
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    '-cp',
    installation.classPath,
    mainClass,
    configFile,
  ];
}

/**
 * @param {Environment} environment
 * @returns {{ classPath: string, origin: string } | undefined}
 */
function findClassPath(environment) {
  const home = environment.ZOOKEEPER_HOME;
  if (home) {
    const classPath = jarsOf(join(home, 'lib'));
    if (classPath !== undefined) return { classPath, origin: home };
    throw new ZooKeeperMissingError(
      `ZOOKEEPER_HOME is ${home}, but there is no lib/zookeeper-<version>.jar in it. ` +
        'Set it to the directory of an unpacked Apache ZooKeeper distribution, or unset it.',
    );
  }
  if (existsSync(debianJar)) {
    const jars = [debianJar, ...debianMissingJars].filter((jar) => existsSync(jar));
    return { classPath: jars.join(delimiter), origin: debianJar };
  }
  const script = findOnPath('zkServer', environment) ?? findOnPath('zkServer.sh', environment);
  if (script !== undefined) {
    // Either bin/zkServer.sh of an unpacked distribution, or Homebrew's wrapper beside libexec.
    const bin = dirname(realpathSync(script));
    const classPath = jarsOf(join(bin, '../lib')) ?? jarsOf(join(bin, '../libexec/lib'));
    if (classPath !== undefined) return { classPath, origin: script };
  }
  for (const prefix of homebrewPrefixes) {
    const lib = join(prefix, 'opt/zookeeper/libexec/lib');
    const classPath = jarsOf(lib);
    if (classPath !== undefined) return { classPath, origin: lib };
  }
  return undefined;
}

/**
 * @param {string} directory
 * @returns {string | undefined} all of its jars as a class path, when ZooKeeper's is among them
 */
function jarsOf(directory) {
  if (!existsSync(directory)) return undefined;
  const jars = readdirSync(directory)
    .filter((name) => name.endsWith('.jar'))
    .sort();
  if (!jars.some((name) => /^zookeeper-\d.*\.jar$/.test(name))) return undefined;
  return jars.map((name) => join(directory, name)).join(delimiter);
}

/**
 * @param {Environment} environment
 * @returns {string | undefined}
 */
function findJava(environment) {
  const home = environment.JAVA_HOME;
  const candidates = [
    home ? join(home, 'bin/java') : undefined,
    findOnPath('java', environment),
    ...homebrewPrefixes.map((prefix) => join(prefix, 'opt/openjdk/bin/java')),
  ];
  // Run it: macOS has a /usr/bin/java that only says that there is no Java.
  return candidates.find(
    (candidate) =>
      candidate !== undefined &&
      existsSync(candidate) &&
      spawnSync(candidate, ['-version'], { stdio: 'ignore' }).status === 0,
  );
}

/**
 * @param {string} program
 * @param {Environment} environment
 * @returns {string | undefined}
 */
function findOnPath(program, environment) {
  return (environment.PATH ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, program))
    .find(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {Environment} environment
 * @returns {{ command: string[], allowed: boolean, install: () => void } | undefined}
 */
function findInstaller(environment) {
  const apt = findOnPath('apt-get', environment);
  if (apt !== undefined) {
    const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...debianPackages];
    return { command, allowed: process.getuid?.() === 0, install: () => installWithApt(command) };
  }
  if (findOnPath('brew', environment) !== undefined) {
    const command = ['brew', 'install', 'zookeeper'];
    return { command, allowed: true, install: () => run(command, {}) };
  }
  return undefined;
}

/** @param {string[]} command */
function installWithApt(command) {
  const options = { DEBIAN_FRONTEND: 'noninteractive' };
  const [apt = 'apt-get', ...rest] = command;
  // Another installation may hold the lock for a while, such as the one that runs after a machine has booted.
  const patient = [apt, '-o', 'DPkg::Lock::Timeout=120', ...rest];
  try {
    run(patient, options);
  } catch {
    // No package lists yet (images come without), or lists too old to be followed.
    run([apt, 'update'], options);
    run(patient, options);
  }
}

/**
 * @param {string[]} command
 * @param {Environment} extraEnvironment
 */
function run([program = '', ...rest], extraEnvironment) {
  const result = spawnSync(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...extraEnvironment },
  });
  if (result.status === 0) return;
  const said = result.error?.message ?? `${result.stdout}${result.stderr}`.trim().slice(-2000);
  throw new ZooKeeperMissingError(
    `ZooKeeper could not be installed: ${[program, ...rest].join(' ')}\n${said}`,
  );
}

/** @param {Environment} environment */
function advice(environment) {
  const installer = findInstaller(environment);
  const install =
    installer === undefined
      ? 'Install Java 11 or newer, unpack an Apache ZooKeeper distribution (3.9.5 is recommended) and set ' +
        'ZOOKEEPER_HOME to its directory'
      : `Run this command: ${installer.allowed ? '' : 'sudo '}${installer.command.join(' ')}`;
  return `${install}. Or set ZOOGATE_ZOOKEEPER to the connection string of a running ensemble.`;
}
