/**
 * A set of whole numbers that mostly follow one another, kept as ranges: what grows with a log costs no more than the
 * gaps in it.
 */
export class NumberRanges {
  /** In ascending order, with gaps in between. */
  #ranges: { readonly from: number; readonly to: number }[] = [];

  has(number: number): boolean {
    return (this.#ranges.findLast(({ from }) => from <= number)?.to ?? -1) >= number;
  }

  add(number: number): this {
    if (this.has(number)) return this;
    const before = this.#ranges.filter(({ to }) => to < number - 1);
    const after = this.#ranges.filter(({ from }) => from > number + 1);
    const from = this.#ranges.find(({ to }) => to === number - 1)?.from ?? number;
    const to = this.#ranges.find((range) => range.from === number + 1)?.to ?? number;
    this.#ranges = [...before, { from, to }, ...after];
    return this;
  }

  dropBelow(number: number): void {
    if ((this.#ranges[0]?.from ?? number) >= number) return;
    const kept = this.#ranges.filter(({ to }) => to >= number);
    this.#ranges = kept.map(({ from, to }) => ({ from: Math.max(from, number), to }));
  }

  /** How many ranges there are. */
  get size(): number {
    return this.#ranges.length;
  }
}
