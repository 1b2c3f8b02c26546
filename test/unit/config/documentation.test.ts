import { expect, test } from 'vitest';
import { documentVariables } from '../../../src/config/variables.ts';
import { readDocument, tableRows } from '../../support/documents.ts';

test('the table in docs/configuration.md says what the schema says', () => {
  const expected = documentVariables().map(({ name, defaultValue, meaning }) => [
    `\`${name}\``,
    defaultValue === undefined ? 'none' : `\`${defaultValue}\``,
    meaning,
  ]);
  expect(tableRows(readDocument('docs/configuration.md'), 'Variables')).toEqual(expected);
});
