/** The long searches of `npm run verify`. To add one, add a row here and to the table in docs/testing.md. Pure. */

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} what it looks for, in one line
 * @property {number} minutes that it takes on two quiet cores, about
 * @property {(seed: number) => string[]} parameters of `node`: the script, and what it is given
 * @property {(seed: number) => Record<string, string>} [variables] added to the environment
 */

/** @type {Part[]} */
export const PARTS = [
  {
    name: 'properties',
    what: '1,200,000 generated histories of the model',
    minutes: 3,
    parameters: () => ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', '.property.test.'],
    variables: (seed) => ({ TEST_SEARCH: 'long', TEST_SEED: String(seed) }),
  },
  {
    name: 'simulate',
    what: '5,000 broken clusters in virtual time',
    minutes: 5,
    parameters: (seed) => ['scripts/simulate.mjs', '--runs', '5000', '--seed', String(seed)],
  },
  {
    name: 'shares',
    what: '300 runs of two or three gateways that compete for one queue',
    minutes: 4,
    parameters: (seed) => [
      'scripts/simulate.mjs',
      '--family',
      'shares',
      '--runs',
      '300',
      '--seed',
      String(seed),
    ],
  },
  {
    name: 'upgrade',
    what: 'gateways of the first version and of this one side by side, there and back',
    minutes: 3,
    parameters: () => ['scripts/upgrade.mjs'],
  },
  {
    name: 'chaos',
    what: 'every fault, on real servers, gateways and nginx under load',
    minutes: 8,
    parameters: (seed) => ['scripts/chaos.mjs', '--seconds', '300', '--seed', String(seed)],
  },
  {
    name: 'soak',
    what: 'what a steady load leaves behind in memory, open files, watches and nodes',
    minutes: 11,
    parameters: () => ['scripts/chaos.mjs', '--soak', '--seconds', '600'],
  },
  {
    name: 'fuzz',
    what: 'answers that the OpenAPI document does not describe',
    minutes: 12,
    parameters: (seed) => ['scripts/fuzz.mjs', '--seconds', '600', '--seed', String(seed)],
  },
  {
    name: 'plants',
    what: 'whether the simulation finds each bug that is planted in the engine',
    minutes: 20,
    parameters: (seed) => ['scripts/simulate.mjs', '--plants', '--seed', String(seed)],
  },
];

/** Whole, since all programs take it, and short, so that it can be typed again. */
export const SEED_MAX = 999_999_999;

export const USAGE = `npm run verify -- [--seed N] [PART...]
Parts: ${PARTS.map(({ name }) => name).join(', ')}`;

/**
 * @param {string[]} args what stands behind `npm run verify --`
 * @param {number} freshSeed for when none is given
 * @returns {{ parts: Part[], seed: number }} the parts in the order of the table
 * @throws {Error} saying what is wrong
 */
export function parseArguments(args, freshSeed) {
  const names = [...args];
  let seed = freshSeed;
  const at = names.indexOf('--seed');
  if (at !== -1) {
    const [, text = ''] = names.splice(at, 2);
    if (!/^\d{1,9}$/.test(text))
      throw new Error(`--seed takes a whole number from 0 to ${SEED_MAX}\n${USAGE}`);
    seed = Number(text);
  }
  const unknown = names.find((name) => PARTS.every((part) => part.name !== name));
  if (unknown !== undefined) throw new Error(`There is no part named ${unknown}\n${USAGE}`);
  return { parts: PARTS.filter(({ name }) => names.length === 0 || names.includes(name)), seed };
}
