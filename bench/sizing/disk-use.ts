/** What a ZooKeeper server has on its disk. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const blockBytes = 512;

/** Of all transaction logs, without what was allocated in advance and never written. */
export async function logBytes(directory: string): Promise<number> {
  const logs = await filesOf(directory, 'log.');
  const sizes = await Promise.all(logs.map(async (file) => (await stat(file)).blocks * blockBytes));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Of the newest snapshot. */
export async function snapshotBytes(directory: string): Promise<number> {
  const snapshots = await filesOf(directory, 'snapshot.');
  const newest = snapshots.sort((a, b) => zxidOf(a) - zxidOf(b)).at(-1);
  if (newest === undefined) throw new Error(`there is no snapshot in ${directory}`);
  return (await stat(newest)).size;
}

/** A file is named by the transaction that it begins or ends with. Pure. */
export function zxidOf(file: string): number {
  return Number.parseInt(file.slice(file.lastIndexOf('.') + 1), 16);
}

async function filesOf(directory: string, prefix: string): Promise<string[]> {
  const folder = join(directory, 'version-2');
  const names = await readdir(folder);
  return names.filter((name) => name.startsWith(prefix)).map((name) => join(folder, name));
}
