import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { describe, expect, test } from 'vitest';
import { readDeployed, readStages } from '../../support/deployment-files.ts';

const root = join(import.meta.dirname, '../../..');
const dockerfile = readDeployed('deploy/Dockerfile');
const stages = readStages(dockerfile);
const image = stages.at(-1) ?? [];
const textOf = (name: string) => image.find((instruction) => instruction.name === name)?.text;

describe('the container image', () => {
  test('is described without a mistake', () => {
    expect(validate(dockerfile)).toEqual([]);
    expect(validate('FROM node\nCOPYY a b\n')).not.toEqual([]);
  });

  test('is built on one version of Node.js that is maintained, named to the last number', () => {
    const [, major] = /^ARG BASE=node:(\d+)\.\d+\.\d+-[a-z]+-slim$/m.exec(dockerfile) ?? [];
    expect(Number(major)).toBeGreaterThanOrEqual(24);
    for (const [from] of stages) expect(from?.text).toMatch(/^\$\{BASE\}/);
  });

  test('runs as a user without rights, by number', () => {
    expect(textOf('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });

  test('holds the program and the packages that it needs, and nothing else of the repository', () => {
    const copied = image.filter(({ name }) => name === 'COPY').map(({ text }) => text);
    expect(copied).toEqual([
      '--from=packages /zoogate/package.json ./',
      '--from=packages /zoogate/node_modules ./node_modules',
      '--from=program /zoogate/dist ./dist',
    ]);
    expect(dockerfile).toContain('npm ci --omit=dev --ignore-scripts');
  });

  test('is built of files that are there, and that are let into its context', () => {
    const allowed = readDeployed('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    expect(readDeployed('.dockerignore').split('\n')).toContain('*');
    const sources = stages
      .flat()
      .filter(({ name, text }) => name === 'COPY' && !text.startsWith('--from'))
      .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));
    expect([...new Set(sources)].sort()).toEqual([...allowed].sort());
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true);
  });

  test('starts Node.js itself, so that signals reach it', () => {
    const command = JSON.parse(textOf('CMD') ?? '[]') as string[];
    expect([command[0], command.at(-1)]).toEqual(['node', 'dist/main.js']);
  });
});
