/** Gathers what a server pushes until it is asked for. */
import { type Delivery, waitSeconds } from '../client.ts';

export class PushedDeliveries {
  #ready: Delivery[] = [];
  #resume: (() => void) | undefined;

  put(delivery: Delivery): void {
    this.#ready.push(delivery);
    this.#resume?.();
  }

  /** Those that are there, or the first that come within the time that a receive waits. */
  async take(max: number): Promise<readonly Delivery[]> {
    if (this.#ready.length === 0) await this.#pushed();
    return this.#ready.splice(0, max);
  }

  #pushed(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#resume = undefined;
        resolve();
      };
      const timer = setTimeout(done, waitSeconds * 1000);
      this.#resume = done;
    });
  }
}
