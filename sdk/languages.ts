/**
 * How an SDK is generated, compiled and used in each language. The sources of a language lie in the folder of its name;
 * the SDK is generated beside them, as `zoogate`.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from './command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const document = join(root, 'openapi/openapi.json');

/** A program of a toolchain that this repository does not bring. */
export interface Tool {
  readonly program: string;
  /** What makes it tell its version. */
  readonly options: readonly string[];
  /** The least that will do, as numbers. */
  readonly version: readonly [number, number];
  /** Where one gets it. */
  readonly advice: string;
}

export interface Language {
  readonly name: string;
  readonly needs: readonly Tool[];
  /** Generates and compiles, in a directory with the sources. */
  prepare(directory: string): readonly Command[];
  /** Has the example go through the life of a message at a gateway; the arguments are its URL, and its key if it has one. */
  example(directory: string, gateway: readonly string[]): Command;
}

export const typescript: Language = {
  name: 'typescript',
  needs: [],
  prepare(directory) {
    const plugins = ['@hey-api/typescript', '@hey-api/sdk', '@hey-api/client-fetch'];
    const generator = join(root, 'node_modules/@hey-api/openapi-ts/bin/run.js');
    const compiler = join(root, 'node_modules/typescript/bin/tsc');
    const generate = ['-i', document, '-o', join(directory, 'zoogate'), '--no-log-file', '-p', ...plugins];
    return [
      { what: 'generating', program: process.execPath, options: [generator, ...generate], directory },
      { what: 'compiling', program: process.execPath, options: [compiler, '-p', directory], directory },
    ];
  },
  example: (directory, gateway) => ({
    what: 'the example',
    program: process.execPath,
    options: [join(directory, 'out/message-life.js'), ...gateway],
    directory,
  }),
};

export const python: Language = {
  name: 'python',
  needs: [
    {
      program: 'python3',
      options: ['--version'],
      version: [3, 11],
      advice: 'install it, on Debian and Ubuntu with: apt-get install python3 python3-venv',
    },
  ],
  prepare(directory) {
    const path = join(directory, '.venv/bin');
    const install = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      'requirements.txt',
    ];
    const generate = ['generate', '--path', document, '--meta', 'none', '--output-path', 'zoogate'];
    // The cache would answer for an SDK that was generated before.
    const check = ['--strict', '--cache-dir=/dev/null', '--follow-imports=silent', 'message_life.py'];
    return [
      {
        what: 'making a virtual environment',
        program: 'python3',
        options: ['-m', 'venv', '.venv'],
        directory,
      },
      { what: 'installing its packages', program: join(path, 'python'), options: install, directory },
      {
        what: 'generating',
        program: join(path, 'openapi-python-client'),
        options: generate,
        directory,
        path,
      },
      { what: 'checking types', program: join(path, 'mypy'), options: check, directory },
    ];
  },
  example: (directory, gateway) => ({
    what: 'the example',
    program: join(directory, '.venv/bin/python'),
    options: ['message_life.py', ...gateway],
    directory,
  }),
};

export const go: Language = {
  name: 'go',
  needs: [
    {
      program: 'go',
      options: ['version'],
      version: [1, 25],
      advice: 'install it from https://go.dev/dl/',
    },
  ],
  prepare(directory) {
    const generate = ['tool', 'oapi-codegen', '-config', 'oapi-codegen.yaml', document];
    return [
      { what: 'generating', program: 'go', options: generate, directory },
      { what: 'checking', program: 'go', options: ['vet', '.'], directory },
      { what: 'compiling', program: 'go', options: ['build', '-o', 'message-life', '.'], directory },
    ];
  },
  example: (directory, gateway) => ({
    what: 'the example',
    program: join(directory, 'message-life'),
    options: gateway,
    directory,
  }),
};

export const languages: readonly Language[] = [typescript, python, go];
