/** Makes the tests of a table of scenarios: each act in each adversity, and against each of its rivals. */
import { describe, it } from 'vitest';
import { type Adversity, lastingAdversities, passingAdversities, spuriousConflicts } from './adversities.ts';
import { againstRival, type Scenario, underAdversities } from './scenarios.ts';

const groups: readonly { readonly name: string; readonly adversities: readonly Adversity[] }[] = [
  { name: 'one of its calls fails, for a moment', adversities: passingAdversities },
  { name: 'one of its commits loses without a cause', adversities: spuriousConflicts },
  { name: 'the ensemble refuses, or stays away', adversities: lastingAdversities },
];

export function describeScenarios(scenarios: readonly Scenario[]): void {
  describe.each(scenarios.map((tried) => ({ tried, name: tried.name })))('$name', ({ tried }) => {
    for (const { name, adversities } of groups) {
      it(`keeps its word when ${name}`, async () => {
        await underAdversities(tried, adversities);
      });
    }
    const { rivals = [] } = tried;
    if (rivals.length > 0) {
      it('has an outcome that some order explains when somebody else comes first at one of its calls', async () => {
        for (const rival of rivals) await againstRival(tried, rival);
      });
    }
  });
}
