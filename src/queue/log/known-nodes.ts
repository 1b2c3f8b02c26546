/**
 * Parents that are made on demand. A write that needs one brings its creation along unless it is known to exist; when
 * that was wrong, in either way, the commit fails and the next one knows better.
 */
import type { Write } from '../zookeeper/store.ts';

/** More are forgotten; creating what exists only costs a second try. */
const KNOWN_MAX = 10_000;

export class KnownNodes {
  readonly #known = new Set<string>();

  /** The writes that create those of the given nodes, parents first, that are not known to exist. */
  creations(paths: readonly string[], planned: Set<string>): Write[] {
    const writes: Write[] = [];
    for (const path of paths) {
      if (this.#known.has(path) || planned.has(path)) continue;
      planned.add(path);
      writes.push({ kind: 'create', path, data: Buffer.alloc(0) });
    }
    return writes;
  }

  note(paths: Iterable<string>): void {
    if (this.#known.size > KNOWN_MAX) this.#known.clear();
    for (const path of paths) this.#known.add(path);
  }

  has(path: string): boolean {
    return this.#known.has(path);
  }

  /** What was believed about these nodes was wrong; nothing is believed any more. */
  forget(): void {
    this.#known.clear();
  }
}
