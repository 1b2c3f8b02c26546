/**
 * How often something was how large: counts by upper bounds, which only grow. Adding to it is a comparison or two and
 * an addition, so it can be done wherever something happens.
 */
export class Distribution {
  /** Upper bounds, included, in ascending order; what is larger than the last has a count of its own. */
  readonly bounds: readonly number[];
  /** One for each bound, and one for what is larger. */
  readonly counts: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.#counts = [...bounds, Number.POSITIVE_INFINITY].map(() => 0);
    this.counts = this.#counts;
  }

  /** Of all that was added. */
  get sum(): number {
    return this.#sum;
  }

  add(value: number): void {
    const { bounds } = this;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    this.#counts[index] = (this.#counts[index] as number) + 1;
    this.#sum += value;
  }
}
