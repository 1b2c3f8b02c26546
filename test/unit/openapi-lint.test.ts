import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const committed = join(root, 'openapi/openapi.json');

interface Report {
  readonly totals: { readonly errors: number; readonly warnings: number; readonly ignored: number };
  readonly problems: readonly { readonly ruleId: string }[];
}

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zoogate-lint-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What `npm run openapi:lint` reports of a document, and with which exit code it ends. */
async function lint(file: string): Promise<{ report: Report; exitCode: number }> {
  const script = join(root, 'scripts/openapi-lint.mjs');
  const run = promisify(execFile)(process.execPath, [script, '--format=json', file], {
    maxBuffer: 16 * 1024 * 1024,
  });
  const { code: exitCode = 0, stdout } = await run.catch((error) => error);
  return { report: JSON.parse(stdout), exitCode };
}

describe('the linter', () => {
  it('finds no error and no warning in the committed document', async () => {
    const { report, exitCode } = await lint(committed);
    expect(report.problems).toEqual([]);
    expect([report.totals, exitCode]).toEqual([{ errors: 0, warnings: 0, ignored: 0 }, 0]);
  });

  it('finds what is wrong with a document that was spoilt', async () => {
    const document = JSON.parse(await readFile(committed, 'utf8'));
    const operation = document.paths['/v1/queues/{queue}/messages'].post;
    delete operation.description;
    delete operation.responses['201'].headers;
    document.components.schemas.PublishRequest.properties.messages.minItems = 'one';
    const file = join(directory, 'spoilt.json');
    await writeFile(file, JSON.stringify(document));
    const { report, exitCode } = await lint(file);
    const rules = report.problems.map(({ ruleId }) => ruleId);
    expect(rules).toEqual(
      expect.arrayContaining(['struct', 'operation-description', 'response-contains-header']),
    );
    expect(exitCode).toBe(1);
  });
});
