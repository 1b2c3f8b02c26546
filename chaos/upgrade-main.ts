/** `npm run upgrade`: reads the options, runs what they say, and ends with 0 when the verdict is clean. */
import { parseArgs } from 'node:util';
import { buildEarlierVersion, FIRST_VERSION } from '../scripts/earlier-version.mjs';
import { root } from '../scripts/workspace.mjs';
import { runUpgrade } from './upgrade.ts';

const usage =
  'npm run upgrade -- [--from COMMIT] [--seconds N]   N: how long each mixture of versions is kept';

try {
  const { values } = parseArgs({
    options: {
      from: { type: 'string', default: FIRST_VERSION },
      seconds: { type: 'string', default: '5' },
    },
  });
  if (!/^\d{1,5}$/.test(values.seconds)) throw new Error('--seconds must be a whole number');
  const { commit, directory } = buildEarlierVersion(values.from, console.log);
  const { violations, load } = await runUpgrade({
    earlier: { name: commit.slice(0, 7), directory },
    present: { name: 'this version', directory: root },
    mixedMs: Number(values.seconds) * 1000,
    report: console.log,
  });
  console.log(`\n${JSON.stringify(load, undefined, 2)}\n`);
  for (const violation of violations) console.log(`violation: ${violation}`);
  console.log(
    `verdict: ${violations.length === 0 ? 'clean' : 'violations'}, ${violations.length} violations`,
  );
  process.exit(violations.length === 0 ? 0 : 1);
} catch (error) {
  console.error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  process.exit(1);
}
