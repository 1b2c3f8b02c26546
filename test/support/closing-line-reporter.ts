/**
 * Ends a run with the plain line `N passed, N failed` (and `, N skipped` when there are any), for people and scripts
 * that read only the end. A test file that cannot even be loaded, and an error outside of any test, count as failed.
 */
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';

export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const line = closingLine(
      modules.flatMap((module) =>
        [...module.children.allTests()].map((testCase: TestCase) => testCase.result().state),
      ),
      modules.reduce((sum, module) => sum + errorsOutsideTests(module), unhandledErrors.length),
    );
    // The default reporter prints its summary in the same phase, some of it later: ours is to be the last line.
    process.once('exit', () => process.stdout.write(`${line}\n`));
  }
}

function closingLine(states: readonly string[], otherFailures: number): string {
  const count = (state: string) => states.filter((each) => each === state).length;
  const skipped = states.length - count('passed') - count('failed');
  const line = `${count('passed')} passed, ${count('failed') + otherFailures} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

function errorsOutsideTests(module: TestModule): number {
  const suites: TestSuite[] = [...module.children.allSuites()];
  return module.errors().length + suites.reduce((sum, suite) => sum + suite.errors().length, 0);
}
