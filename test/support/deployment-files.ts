/** The files in deploy/ and the compose file, as data. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');

export function readDeployed(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Kubernetes reads YAML of version 1.1. */
export function readYaml<Content>(path: string, version: '1.1' | '1.2' = '1.2'): Content {
  return parse(readDeployed(path), { version, merge: true }) as Content;
}

export function deployedFiles(folder: string): string[] {
  return readdirSync(join(root, folder)).sort();
}

/** An instruction of a Dockerfile, its lines put together. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The stages of a Dockerfile, each with its FROM. */
export function readStages(dockerfile: string): Instruction[][] {
  const lines = dockerfile
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: Instruction[][] = [];
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === 'FROM') stages.push([]);
    stages.at(-1)?.push({ name, text });
  }
  return stages;
}

/** Longest that the program gives itself to stop. */
export function shutdownLimitSeconds(): number {
  const [, text] = /shutdownLimitMs = ([\d_]+)/.exec(readDeployed('src/main.ts')) ?? [];
  if (text === undefined) throw new Error('src/main.ts has no shutdownLimitMs');
  return Number(text.replaceAll('_', '')) / 1000;
}
