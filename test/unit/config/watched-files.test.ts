/** Files that are read again when they change, on a real file system. */
import { mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WatchedFiles } from '../../../src/config/watched-files.ts';
import { waitUntil } from '../../support/wait-until.ts';

let directory: string;
let opened: WatchedFiles<string>[] = [];
let changes: string[];
let refusals: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zoogate-files-'));
  changes = [];
  refusals = [];
});
afterEach(async () => {
  for (const files of opened) files.close();
  opened = [];
  await rm(directory, { recursive: true });
});

const at = (name: string) => join(directory, name);

async function open(...names: string[]): Promise<WatchedFiles<string>> {
  const files = await WatchedFiles.open({
    paths: names.map(at),
    parse(contents) {
      const text = contents.join('+');
      if (text.includes('bad')) throw new Error(`${text} is bad`);
      return text;
    },
    onChanged: (value) => changes.push(value),
    onRefused: ({ message }) => refusals.push(message),
    checkMs: 5,
  });
  opened.push(files);
  return files;
}

test('a file that is overwritten, or replaced by another one, is read again', async () => {
  await writeFile(at('a'), 'one');
  const files = await open('a');
  expect(files.current).toBe('one');
  await writeFile(at('a'), 'longer');
  await waitUntil(() => files.current === 'longer', 'it is read again');
  await writeFile(at('b'), 'other');
  await rename(at('b'), at('a'));
  await waitUntil(() => files.current === 'other', 'it is read again');
  expect(changes.at(-1)).toBe('other');
});

test('a link that is turned to another file is followed, as Kubernetes does it', async () => {
  await writeFile(at('v1'), 'one');
  await writeFile(at('v2'), 'two');
  await symlink(at('v1'), at('current'));
  const files = await open('current');
  await symlink(at('v2'), at('next'));
  await rename(at('next'), at('current'));
  await waitUntil(() => files.current === 'two', 'the other one is read');
});

test('a version that is refused is told once, and leaves the one before in force', async () => {
  await writeFile(at('a'), 'one');
  const files = await open('a');
  await writeFile(at('a'), 'bad 1');
  await waitUntil(() => refusals.length === 1, 'it is refused');
  expect([files.current, refusals]).toEqual(['one', ['bad 1 is bad']]);
  await writeFile(at('a'), 'good');
  await waitUntil(() => files.current === 'good', 'it is read again');
  expect(refusals).toEqual(['bad 1 is bad']);
});

test('a file that is gone leaves what it said in force, is told of once, and is read when it is back', async () => {
  await writeFile(at('a'), 'one');
  const files = await open('a');
  await unlink(at('a'));
  await waitUntil(() => refusals.length > 0, 'it is told of');
  expect(files.current).toBe('one');
  await writeFile(at('a'), 'back');
  await waitUntil(() => files.current === 'back', 'it is read again');
  expect(refusals).toEqual([expect.stringContaining('ENOENT')]);
});

test('files that belong together are read together', async () => {
  await writeFile(at('a'), 'a1');
  await writeFile(at('b'), 'b1');
  const files = await open('a', 'b');
  await writeFile(at('b'), 'b2');
  await waitUntil(() => files.current === 'a1+b2', 'both are read');
});

test('files that are wrong from the start are not opened', async () => {
  await writeFile(at('a'), 'bad');
  await expect(open('a')).rejects.toThrow('bad is bad');
  await expect(open('nowhere')).rejects.toThrow('ENOENT');
});
