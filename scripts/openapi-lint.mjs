/**
 * `npm run openapi:lint`: holds the committed document against every rule of its linter. Further arguments are the
 * linter's; a file among them is looked at instead of openapi/openapi.json.
 */
import { runNode } from './child.mjs';
import { ensurePackages } from './workspace.mjs';

const linter = 'node_modules/@redocly/cli/bin/cli.js';
const given = process.argv.slice(2);
const files = given.some((argument) => !argument.startsWith('-')) ? [] : ['openapi/openapi.json'];

// It is to look at the document, and not to ask for newer versions of itself.
process.env.REDOCLY_TELEMETRY = 'off';
process.env.REDOCLY_SUPPRESS_UPDATE_NOTICE = 'true';
try {
  await ensurePackages({ report: console.log });
  process.exitCode = await runNode([linter, 'lint', '--config=openapi/redocly.yaml', ...files, ...given]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
