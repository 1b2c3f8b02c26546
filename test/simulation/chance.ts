/** Everything that a run leaves to chance comes from one of these, and each is made from the run's seed. */
import { createHash } from 'node:crypto';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';
import type { Random } from '../../src/queue/runtime/runtime.ts';

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

export class Chance implements Random {
  readonly #seed: string;
  readonly #generator: RandomGenerator;

  constructor(seed: string) {
    this.#seed = seed;
    this.#generator = xoroshiro128plus(createHash('sha256').update(seed).digest().readInt32BE());
  }

  /** One of its own for a part of the run, so that a change in one part does not change the others' luck. */
  derive(name: string): Chance {
    return new Chance(`${this.#seed}/${name}`);
  }

  fraction(): number {
    return (this.#generator.next() >>> 0) / 2 ** 32;
  }

  token(length: number): string {
    return Array.from({ length }, () => LETTERS[this.below(LETTERS.length)]).join('');
  }

  /** A whole number in [0, end). */
  below(end: number): number {
    return Math.floor(this.fraction() * end);
  }

  /** Evenly distributed in [from, to). */
  between(from: number, to: number): number {
    return from + this.fraction() * (to - from);
  }

  happens(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new Error('there is nothing to pick from');
    return items[this.below(items.length)] as Item;
  }

  /** Mostly short, now and then long: a time of this mean. */
  around(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean;
  }
}
