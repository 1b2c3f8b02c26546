/** What a run is about. Each family of runs looks at one part of the promises, with clients and rules of its own. */
import type { Chance } from '../chance.ts';
import type { Cluster } from '../scenario.ts';
import type { World } from '../world.ts';

export interface Family {
  readonly name: string;
  /** What it needs of the cluster; the rest is drawn. */
  readonly cluster?: (chance: Chance) => Partial<Cluster>;
  readonly stage: (world: World) => Stage;
}

export interface Stage {
  /** Makes what the clients use; nothing befalls the cluster yet. */
  prepare(): Promise<void>;
  /** Each ends when its client has nothing more to do. */
  clients(): readonly Promise<void>[];
  /** With everything healed: looks at what is there, and judges what was told. @returns what is wrong */
  end(): Promise<readonly string[]>;
}
