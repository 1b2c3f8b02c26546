/** The command line of `npm run bench`. Pure. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly isQuick: boolean;
  /** Names of the peers; those of the full or the quick set when left out. */
  readonly peers?: readonly string[];
  readonly workloads?: readonly string[];
  readonly rounds: number;
  /** For how long each job is measured. */
  readonly measuredMs: number;
  /** For how long each job runs before that. */
  readonly warmUpMs: number;
  /** For how long ZooKeeper is warmed up before the first job. */
  readonly zooKeeperWarmUpMs: number;
  /** For how long each peer's servers are put under each load of the warm-up before the first job. */
  readonly peerWarmUpMs: number;
  /** Directory of the results page; undefined: only the table is printed. */
  readonly output?: string;
  /** A processor profile of the first gateway is written here for each job. */
  readonly profiles?: string;
}

export const usage = `npm run bench -- [--quick] [--peers NAME,NAME] [--workloads NAME,NAME] [--rounds N]
                 [--seconds N] [--output DIRECTORY] [--profiles DIRECTORY]`;

/** @throws Error saying what is wrong */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      peers: { type: 'string' },
      workloads: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      output: { type: 'string' },
      profiles: { type: 'string' },
    },
  });
  const { quick: isQuick, peers, workloads, profiles } = values;
  const seconds = whole('seconds', values.seconds) ?? (isQuick ? 2 : 10);
  // A quick run is for a look: it does not replace the page of a full one.
  const output = values.output ?? (isQuick || peers || workloads ? undefined : 'docs');
  return {
    isQuick,
    rounds: whole('rounds', values.rounds) ?? (isQuick ? 1 : 3),
    measuredMs: seconds * 1000,
    warmUpMs: isQuick ? 700 : 3_000,
    zooKeeperWarmUpMs: isQuick ? 8_000 : 30_000,
    // With profiles each job has servers of its own.
    peerWarmUpMs: isQuick || profiles !== undefined ? 0 : 15_000,
    ...(peers === undefined ? {} : { peers: names(peers) }),
    ...(workloads === undefined ? {} : { workloads: names(workloads) }),
    ...(output === undefined ? {} : { output }),
    ...(profiles === undefined ? {} : { profiles }),
  };
}

/** @throws Error naming those that do not exist */
export function assertKnown(kind: string, asked: readonly string[], known: readonly string[]): void {
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`There is no ${kind} named ${unknown.join(', ')}. There are: ${known.join(', ')}`);
}

function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${name} must be a whole number, not "${text}"`);
  return Number(text);
}
