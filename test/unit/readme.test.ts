import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { documentVariables } from '../../src/config/variables.ts';
import { readReadme, relativeLinks, tableRows } from '../support/readme.ts';

test('the table of variables in the README says what the schema says', () => {
  const expected = documentVariables().map(({ name, defaultValue, meaning }) => [
    `\`${name}\``,
    defaultValue === undefined ? 'none' : `\`${defaultValue}\``,
    meaning,
  ]);
  expect(tableRows(readReadme(), 'Variables')).toEqual(expected);
});

test('every link of the README to a file of the repository leads somewhere', () => {
  const links = relativeLinks(readReadme());
  expect(links.length).toBeGreaterThan(0);
  const missing = links.filter(
    (link) => !existsSync(fileURLToPath(new URL(`../../${link}`, import.meta.url))),
  );
  expect(missing).toEqual([]);
});
