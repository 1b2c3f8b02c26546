import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PARTS, parseArguments } from '../../../scripts/verify-parts.mjs';
import { root } from '../../../scripts/workspace.mjs';
import { readDocument, tableRows } from '../../support/documents.ts';

const names = PARTS.map(({ name }) => name);

describe('the parts of npm run verify', () => {
  it('are all, unless some are named', () => {
    expect(parseArguments([], 7)).toEqual({ parts: PARTS, seed: 7 });
    const { parts } = parseArguments(['fuzz', 'chaos'], 7);
    expect(parts.map(({ name }) => name)).toEqual(['chaos', 'fuzz']);
  });

  it('have the seed that is given', () => {
    expect(parseArguments(['--seed', '42', 'chaos'], 7)).toMatchObject({
      parts: [{ name: 'chaos' }],
      seed: 42,
    });
    expect(parseArguments(['chaos', '--seed', '42'], 7).seed).toBe(42);
    for (const wrong of [['--seed'], ['--seed', 'chaos'], ['--seed', '-1'], ['--seed', '1234567890']])
      expect(() => parseArguments(wrong, 7)).toThrow('--seed takes a whole number from 0 to 999999999');
  });

  it('are refused when there are none of that name, with the names that there are', () => {
    expect(() => parseArguments(['chaos', 'caos'], 7)).toThrow(
      /no part named caos\n.*\nParts: properties, simulate/,
    );
    expect(() => parseArguments(['--help'], 7)).toThrow('npm run verify -- [--seed N] [PART...]');
  });

  it('run programs that exist', () => {
    const programs = PARTS.map(({ parameters }) => parameters(7)[0] ?? '');
    expect(programs.filter((program) => !existsSync(join(root, program)))).toEqual([]);
  });

  it('and their times are those of docs/testing.md', () => {
    const rows = tableRows(readDocument('docs/testing.md'), 'Long searches');
    const shown = rows.map(([name, , minutes]) => [name, minutes]);
    expect(shown).toEqual(PARTS.map(({ name, minutes }) => [`\`${name}\``, `${minutes} min`]));
    expect(new Set(names).size).toBe(names.length);
  });
});
