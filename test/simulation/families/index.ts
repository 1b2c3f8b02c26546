/** All families, and how often each is drawn. */
import { Chance } from '../chance.ts';
import { backlog } from './backlog.ts';
import { everyday } from './everyday.ts';
import type { Family } from './family.ts';
import { large } from './large.ts';
import { levels } from './levels.ts';
import { links } from './links.ts';
import { pipeline } from './pipeline.ts';
import { redrives } from './redrives.ts';
import { repeats } from './repeats.ts';
import { replay } from './replay.ts';
import { shares } from './shares.ts';
import { streams } from './streams.ts';

/** Against the sum of all. What has none is played when it is asked for by its name. */
const WEIGHTS: readonly (readonly [Family, number])[] = [
  [everyday, 10],
  [backlog, 1],
  [streams, 1],
  [redrives, 1],
  [levels, 1],
  [repeats, 1],
  [pipeline, 1],
  [replay, 1],
  [links, 1],
  [large, 1],
  [shares, 0],
];

export const FAMILY_NAMES = WEIGHTS.map(([{ name }]) => name);

/** The one that the seed names before a slash, or one that is drawn from it. */
export function familyOf(seed: string): Family {
  const named = WEIGHTS.find(([{ name }]) => seed.startsWith(`${name}/`));
  if (named !== undefined) return named[0];
  const tickets = WEIGHTS.flatMap(([family, weight]) => Array<Family>(weight).fill(family));
  return new Chance(seed).derive('family').pick(tickets);
}
