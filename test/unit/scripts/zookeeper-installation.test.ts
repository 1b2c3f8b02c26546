import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findZooKeeper, installZooKeeper } from '../../../scripts/zookeeper-installation.mjs';

describe('finding ZooKeeper', () => {
  let directory = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'zoogate-installation-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function place(path: string, content = ''): string {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  }

  /** A Java that answers, and nothing else on the PATH. */
  function javaOnly(): string {
    chmodSync(place('bin/java', '#!/bin/sh\n'), 0o755);
    return join(directory, 'bin');
  }

  test('ZOOKEEPER_HOME comes first, with all its jars on the class path', () => {
    const zooKeeper = place('home/lib/zookeeper-3.9.5.jar');
    const logging = place('home/lib/logback-classic-1.3.15.jar');
    place('home/lib/README.txt');
    const environment = { ZOOKEEPER_HOME: join(directory, 'home'), PATH: javaOnly() };
    expect(findZooKeeper(environment)).toEqual({
      java: join(directory, 'bin/java'),
      classPath: `${logging}:${zooKeeper}`,
      origin: join(directory, 'home'),
    });
  });

  test('a ZOOKEEPER_HOME without ZooKeeper is said, and nothing else is taken or installed instead', () => {
    const environment = { ZOOKEEPER_HOME: directory, PATH: process.env.PATH };
    expect(() => findZooKeeper(environment)).toThrow(`ZOOKEEPER_HOME is ${directory}`);
    expect(() => installZooKeeper({ environment })).toThrow(`ZOOKEEPER_HOME is ${directory}`);
  });

  test('JAVA_HOME comes before the PATH', () => {
    place('home/lib/zookeeper-3.9.5.jar');
    chmodSync(place('jdk/bin/java', '#!/bin/sh\n'), 0o755);
    const environment = {
      ZOOKEEPER_HOME: join(directory, 'home'),
      JAVA_HOME: join(directory, 'jdk'),
      PATH: javaOnly(),
    };
    expect(findZooKeeper(environment).java).toBe(join(directory, 'jdk/bin/java'));
  });

  test('a Java that does not run is no Java, and the message says what to do', () => {
    place('home/lib/zookeeper-3.9.5.jar');
    chmodSync(place('bin/java', '#!/bin/sh\nexit 1\n'), 0o755);
    const environment = { ZOOKEEPER_HOME: join(directory, 'home'), PATH: join(directory, 'bin') };
    expect(() => findZooKeeper(environment)).toThrow(/no Java to run it.*Install Java.*ZOOGATE_ZOOKEEPER/s);
  });
});
