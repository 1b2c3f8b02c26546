/**
 * A disk under a server's data directory that can be filled up: a small file system of its own where this process may
 * mount one, or else a limit to the size of the files that the server writes.
 */
import { spawnSync } from 'node:child_process';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZooKeeperServer } from '../test/support/zookeeper-server.ts';

const diskMegabytes = 512;
/** A server that wants to write more than this into one file fails, as the log's first kilobytes are older. */
const limitedBytes = 4_096;
const chunkBytes = 1024 * 1024;

export class SmallDisk {
  readonly #directory: string;
  readonly isMounted: boolean;

  /** Mounts it onto the empty directory, if that may be done. */
  constructor(directory: string) {
    this.#directory = directory;
    this.isMounted = run('mount', [
      '-t',
      'tmpfs',
      '-o',
      `size=${diskMegabytes}m`,
      'zoogate-chaos',
      directory,
    ]);
  }

  /** Leaves the server, which runs on this disk, no room for anything more. */
  async fill(server: ZooKeeperServer): Promise<string> {
    if (!this.isMounted) {
      if (!run('prlimit', ['--pid', String(server.pid), `--fsize=${limitedBytes}`]))
        throw new Error('neither mount nor prlimit can be used to make a disk full');
      return 'its files may not grow';
    }
    const file = await open(this.#filler, 'w');
    try {
      const chunk = Buffer.alloc(chunkBytes, 1);
      for (;;) await file.write(chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
    return 'its disk is full';
  }

  /** What was taken is given back. */
  async free(server: ZooKeeperServer): Promise<void> {
    await rm(this.#filler, { force: true });
    if (!this.isMounted && server.pid !== undefined)
      run('prlimit', ['--pid', String(server.pid), '--fsize=unlimited']);
  }

  /** More than half is taken by the server itself, as after a long run. */
  async isHalfFull(): Promise<boolean> {
    if (!this.isMounted) return false;
    const { blocks, bfree } = await statfs(this.#directory);
    return bfree < blocks / 2;
  }

  unmount(): void {
    if (this.isMounted) run('umount', ['--lazy', this.#directory]);
  }

  get #filler(): string {
    return join(this.#directory, 'filler');
  }
}

function run(program: string, options: readonly string[]): boolean {
  return spawnSync(program, options, { stdio: 'ignore' }).status === 0;
}
