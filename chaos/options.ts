/** The command line of `npm run chaos`. Pure. */
import { parseArgs } from 'node:util';

export interface ChaosOptions {
  /** For how long faults are begun, or a load is kept up. Each fault comes once in any case. */
  readonly seconds: number;
  readonly seed: number;
  /** Names of the faults; all of them when left out. */
  readonly faults?: readonly string[];
  /** A steady load without faults, and what it leaves behind in the processes. */
  readonly soak: boolean;
  /** So many queues are created and deleted again. */
  readonly churn?: number;
  /** Where the result is written as JSON. */
  readonly output?: string;
}

export const usage = `npm run chaos -- [--seconds N] [--seed N] [--fault NAME,NAME] [--output FILE]
npm run chaos -- --soak [--seconds N] [--churn N] [--output FILE]
npm run chaos -- --churn N [--output FILE]`;

/** @throws Error saying what is wrong */
export function parseOptions(args: readonly string[], randomSeed: number): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      fault: { type: 'string' },
      soak: { type: 'boolean', default: false },
      churn: { type: 'string' },
      output: { type: 'string' },
    },
  });
  const { seconds, seed, fault, soak, churn, output } = values;
  return {
    seconds: whole('seconds', seconds) ?? 300,
    seed: whole('seed', seed) ?? randomSeed,
    soak,
    ...(fault === undefined ? {} : { faults: fault.split(',').map((name) => name.trim()) }),
    ...(churn === undefined ? {} : { churn: whole('churn', churn) ?? 0 }),
    ...(output === undefined ? {} : { output }),
  };
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number, not "${text}"`);
  return Number(text);
}
