/**
 * Which zoogate this is: the one version number, that of package.json, and the commit that it was built from.
 */
import { existsSync, readFileSync } from 'node:fs';

export interface Version {
  /** Semantic, such as 1.2.3. */
  readonly version: string;
  /** As git abbreviates it; ends in -dirty where the sources differed from it. Unknown without git at the build. */
  readonly commit?: string;
}

/** Written by the build beside the program; sources that run as they are have none. */
const COMMIT_FILE = new URL('.commit', import.meta.url);

/** Reads files: once, at the start. */
export function readVersion(): Version {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (!existsSync(COMMIT_FILE)) return { version };
  return { version, commit: readFileSync(COMMIT_FILE, 'utf8').trim() };
}
