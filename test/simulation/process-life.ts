/**
 * The life of one simulated gateway process: it runs, stands still (as under SIGSTOP, or a long garbage collection),
 * or is dead. Whatever reaches it while it stands still happens when it goes on; what would reach it dead never does.
 */
import type { Timers } from '../../src/queue/runtime/runtime.ts';
import type { VirtualTime } from './virtual-time.ts';

export class ProcessLife implements Timers {
  readonly #time: VirtualTime;
  #backlog: (() => void)[] | undefined;
  #alive = true;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get alive(): boolean {
    return this.#alive;
  }

  get frozen(): boolean {
    return this.#backlog !== undefined;
  }

  monotonicMs(): number {
    return this.#time.nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    let cancelled = false;
    const cancel = this.#time.after(delayMs, () => this.deliver(() => !cancelled && callback()));
    return () => {
      cancelled = true;
      cancel();
    };
  }

  /** Something reaches the process. */
  deliver(happening: () => void): void {
    if (!this.#alive) return;
    if (this.#backlog === undefined) happening();
    else this.#backlog.push(happening);
  }

  freeze(): void {
    this.#backlog ??= [];
  }

  thaw(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    for (const happening of backlog) this.#time.after(0, () => this.deliver(happening));
  }

  kill(): void {
    this.#alive = false;
  }
}
