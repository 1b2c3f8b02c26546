import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../../scripts/lock-file.mjs';

describe('a lock file', () => {
  let directory = '';
  let file = '';

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'zoogate-lock-'));
    file = join(directory, 'below/lock');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('is taken once, and again after its release', () => {
    const first = takeLock(file);
    expect(first.taken).toBe(true);
    expect(takeLock(file)).toMatchObject({ taken: false, holder: { pid: process.pid } });
    if (first.taken) first.release();
    expect(takeLock(file).taken).toBe(true);
  });

  test('of a process that is gone counts as free, also when its id is in use again', () => {
    takeLock(file);
    const { pid } = spawnSync(process.execPath, ['--version']);
    writeFileSync(file, JSON.stringify({ pid, identity: 'of a process that has ended' }));
    expect(takeLock(file).taken).toBe(true);
    writeFileSync(file, JSON.stringify({ pid: process.pid, identity: 'of an earlier process with our id' }));
    expect(takeLock(file).taken).toBe(true);
  });

  test('with content that is no lock counts as free', () => {
    takeLock(file);
    writeFileSync(file, '');
    expect(takeLock(file).taken).toBe(true);
  });

  test('is left alone by the release of one who lost it', () => {
    const first = takeLock(file);
    writeFileSync(file, '{}');
    if (first.taken) first.release();
    expect(existsSync(file)).toBe(true);
  });

  test('names the process without which its holder is not wanted', () => {
    takeLock(file, { launcherPid: process.ppid });
    expect(JSON.parse(readFileSync(file, 'utf8')).launcher.pid).toBe(process.ppid);
  });

  test('leaves no other files', () => {
    takeLock(file);
    takeLock(file);
    writeFileSync(file, '');
    takeLock(file);
    expect(readdirSync(join(directory, 'below'))).toEqual(['lock']);
  });
});
