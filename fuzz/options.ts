/** The command line of `npm run fuzz`. Pure. */
import { parseArgs } from 'node:util';

export interface FuzzOptions {
  readonly seconds: number;
  /** Of a run that is to be repeated. */
  readonly seed?: string;
}

export const usage = 'npm run fuzz -- [--seconds N] [--seed N]';

/** @throws Error saying what is wrong */
export function parseOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string', default: '120' }, seed: { type: 'string' } },
  });
  const { seconds, seed } = values;
  for (const [name, text] of Object.entries({ seconds, seed })) {
    if (text !== undefined && !/^[0-9]{1,39}$/.test(text)) {
      throw new Error(`--${name} must be a whole number, not "${text}"`);
    }
  }
  return { seconds: Number(seconds), ...(seed === undefined ? {} : { seed }) };
}
