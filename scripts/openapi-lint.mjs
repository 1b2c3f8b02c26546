/**
 * `npm run openapi:lint`: holds the committed document against every rule of its linter. Further arguments are the
 * linter's; a file among them is looked at instead of openapi/openapi.json.
 */
import { exitWith, runNode } from './child.mjs';
import { prepare } from './prepare.mjs';

const linter = 'node_modules/@redocly/cli/bin/cli.js';
const given = process.argv.slice(2);
const files = given.some((argument) => !argument.startsWith('-')) ? [] : ['openapi/openapi.json'];
/** It is to look at the document, and not to ask for newer versions of itself. */
const offline = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

await exitWith(async () => {
  await prepare();
  return runNode([linter, 'lint', '--config=openapi/redocly.yaml', ...files, ...given], offline);
});
