/** The cursor as it is known, with the log as it is going to be. Pure. */
import type { ExpectedEntry } from '../log/level-entries.ts';
import type { CursorView, ViewedEntry } from '../model/cursor-view.ts';

export class ExpectedView implements CursorView {
  readonly #known: CursorView;
  readonly #entry: ExpectedEntry;
  readonly #viewed: ViewedEntry;

  constructor(known: CursorView, entry: ExpectedEntry) {
    const { start, messages } = entry;
    this.#known = known;
    this.#entry = entry;
    const bytes = messages.reduce((sum, { body }) => sum + body.length, 0);
    this.#viewed = { start, end: start + messages.length, bytes, messages, groups: undefined };
  }

  get generation() {
    return this.#known.generation;
  }

  get policy() {
    return this.#known.policy;
  }

  get levels() {
    return this.#known.levels;
  }

  start(level: number) {
    return this.#known.start(level);
  }

  bounds(level: number) {
    return this.#known.bounds(level);
  }

  page(level: number, segment: number) {
    return this.#known.page(level, segment);
  }

  pages() {
    return this.#known.pages();
  }

  end(level: number, segment: number) {
    return this.#isHere(level, segment) ? this.#viewed.end : this.#known.end(level, segment);
  }

  entryAt(level: number, segment: number, offset: number) {
    const isHere = this.#isHere(level, segment) && offset >= this.#viewed.start;
    return isHere ? this.#viewed : this.#known.entryAt(level, segment, offset);
  }

  #isHere(level: number, segment: number): boolean {
    return level === this.#entry.level && segment === this.#entry.segment;
  }
}
