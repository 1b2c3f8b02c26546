/** What a fault is: something that is done to a cluster under load, and undone again. */
import type { Cluster } from './cluster.ts';
import type { FaultKind } from './schedule.ts';

export interface Fault extends FaultKind {
  /** What it does, in a line. */
  readonly about: string;
  inject(cluster: Cluster, random: () => number): Promise<Injected>;
}

export interface Injected {
  /** To whom it was done. */
  readonly what: string;
  heal(): Promise<void>;
}

/** For faults that have done all that they do. */
export const nothingToHeal = async (): Promise<void> => {};
