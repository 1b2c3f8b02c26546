import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PLANTS } from './plants.ts';

describe('the bugs that are planted to try the simulation', () => {
  it.each(PLANTS)('$name: stands once in its file', ({ file, find, replace }) => {
    expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });
});
