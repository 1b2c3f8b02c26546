/**
 * Time that passes only when everything that could happen now has happened. Events run one at a time, in the order
 * of their instants; between two of them all promises settle. So a run depends on nothing but its seed, and an hour
 * passes as fast as the machine can work through it.
 */

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

export class VirtualTime {
  #nowMs = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  /** Virtual ms since the run began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** What is still to happen. */
  get pending(): number {
    return this.#heap.filter(({ cancelled }) => !cancelled).length;
  }

  /** Runs `callback` once, `delayMs` from now, unless the returned function is called first. */
  after(delayMs: number, callback: () => void): () => void {
    const atMs = this.#nowMs + Math.max(0, delayMs);
    const event: Event = { atMs, order: this.#order, run: callback, cancelled: false };
    this.#order += 1;
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  /** Resolves `delayMs` from now. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /**
   * Runs events until `isDone`, nothing is left to happen, or `limitMs` is reached.
   *
   * @returns how many events ran
   */
  async run(isDone: () => boolean, limitMs: number): Promise<number> {
    let count = 0;
    await settled();
    while (!isDone()) {
      const event = this.#pop();
      if (event === undefined || event.atMs > limitMs) break;
      if (event.cancelled) continue;
      this.#nowMs = event.atMs;
      event.run();
      count += 1;
      await settled();
    }
    return count;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let child = heap.push(event) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[child] = heap[parent] as Event;
      child = parent;
    }
    heap[child] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as Event, heap[child] as Event)) child = right;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[parent] = heap[child] as Event;
      parent = child;
    }
    heap[parent] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** Resolves once no promise is left that could settle: Node.js runs ticks only when the microtasks are used up. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
