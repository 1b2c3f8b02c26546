/**
 * How the tests run: real servers in some of them, so generous limits and few at a time.
 *
 *   alone              each file in a process of its own: with programs of its own that are killed, or an eye on its memory
 *   http, unit, and    one file after the other in the same process, which saves loading the sources for each: half of
 *   searches           the time; and all of `http` on one ZooKeeper server
 *
 * `npm run check` runs `unit`: it needs no server. docs/testing.md says what is tested where.
 */
import { configDefaults, defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const ALONE = ['test/integration/**/*.test.ts', 'test/unit/queue/engine/left-behind.test.ts'];

/** Searches in short: whole simulated clusters by the hundred, and every call of every verb in every kind of trouble. */
const SEARCHES = [
  'test/simulation/{simulation,shares}.test.ts',
  'test/unit/queue/engine/mishaps-of-*.test.ts',
];

/** Files that take longest. Begun last, one would go on alone while the other workers have nothing left to do. */
const LONG = [
  /\/integration\/(chaos|server-killed|zookeeper-restart|largest-bodies|access|typescript-sdk)\./,
  /\/load-balancer\/deployment\./,
  /\/simulation\/simulation\./,
  /\.property\.test/,
  /contract-without/,
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONG.some((name) => name.test(moduleId));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    projects: [
      {
        extends: true,
        // They wait for other processes half of the time.
        test: { name: 'alone', include: ALONE, maxWorkers: 3, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'http',
          include: ['test/http/**/*.test.ts'],
          isolate: false,
          globalSetup: 'test/support/project-zookeeper.ts',
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/simulation/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ALONE, ...SEARCHES],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'searches',
          include: SEARCHES,
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
