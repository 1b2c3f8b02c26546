/** A directory in which the SDK of a language is made and used; what is expensive to install there stays. */
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';
import type { Language, Tool } from './languages.ts';

const sources = fileURLToPath(new URL('.', import.meta.url));

/** A tool is missing, or too old. */
export class ToolMissing extends Error {
  override readonly name = 'ToolMissing';
}

/** @throws ToolMissing saying which one, and what to do */
export async function requireTools({ needs }: Language): Promise<void> {
  for (const tool of needs) {
    if (!(await isThere(tool))) {
      const version = tool.version.join('.');
      throw new ToolMissing(`${tool.program} ${version} or newer was not found; ${tool.advice}`);
    }
  }
}

async function isThere({ program, options, version }: Tool): Promise<boolean> {
  const command = { what: program, program, options, directory: sources };
  const [, major, minor] = /(\d+)\.(\d+)/.exec(await run(command).catch(() => '')) ?? [];
  const found = [Number(major), Number(minor)];
  return found[0] === version[0] ? Number(minor) >= version[1] : Number(major) > version[0];
}

export interface Progress {
  /** Is told what is being done. */
  readonly report: (what: string) => void;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** Generates and compiles the SDK of the language in the directory. Throws when it fails. */
export async function makeSdk(language: Language, directory: string, progress: Progress): Promise<void> {
  await mkdir(directory, { recursive: true });
  await rm(join(directory, 'zoogate'), { recursive: true, force: true });
  if (language.name === 'go') await mkdir(join(directory, 'zoogate'));
  await cp(join(sources, language.name), directory, { recursive: true });
  for (const command of language.prepare(directory)) {
    progress.report(command.what);
    await run(command, progress.signal);
  }
}

/**
 * Has the example of the language use the gateway, which is its URL and, if it asks for one, a key. Answers what it has
 * told; throws when it fails.
 */
export function useSdk(
  language: Language,
  directory: string,
  gateway: readonly string[],
  signal?: AbortSignal,
): Promise<string> {
  return run(language.example(directory, gateway), signal);
}
