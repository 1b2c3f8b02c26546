/** One server for all files of a project, each on a chroot of its own: started before the first, stopped after the last. */
import type { TestProject } from 'vitest/node';
import { startZooKeeper } from './zookeeper-server.ts';

/** What all of them leave in its tree. */
const HEAP_MEGABYTES = 512;

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the shared server; files of other projects are told of none. */
    readonly projectZooKeeper: string | undefined;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await startZooKeeper([], HEAP_MEGABYTES);
  provide('projectZooKeeper', server.address);
  return () => server.stop();
}
