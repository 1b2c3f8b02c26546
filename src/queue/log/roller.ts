/**
 * Seals segments that are full and opens their successors, whatever has filled them: publishing, what became due, dead
 * letters, redrives and transactions all append, and a segment without an end would cost more with each message.
 */
import type { Runtime } from '../runtime/runtime.ts';
import type { Topic } from './topic.ts';

/** Segments rolled between two looks for the first one. */
const FIND_FIRST_EVERY = 64;

export class Roller {
  readonly #runtime: Runtime;
  readonly #topic: Topic;
  #rolling: Promise<void> | undefined;

  constructor(runtime: Runtime, topic: Topic) {
    this.#runtime = runtime;
    this.#topic = topic;
  }

  /** Resolves when what is full by now has been rolled, or could not be: the next append finds it as it is. */
  roll(): Promise<void> {
    this.#rolling ??= this.#roll().finally(() => {
      this.#rolling = undefined;
    });
    return this.#rolling;
  }

  async #roll(): Promise<void> {
    try {
      for (const log of this.#topic.logs) {
        const rolled = await log.rollIfFull();
        if (rolled === undefined) continue;
        this.#topic.notifySealed(log.level, rolled);
        // Others trim as well, and what is known of segments that are gone would add up.
        if (rolled % FIND_FIRST_EVERY === FIND_FIRST_EVERY - 1) await log.findFirst();
      }
    } catch (error) {
      this.#runtime.logger.debug(
        { err: error, topic: this.#topic.name },
        'a segment could not be rolled; trying again later',
      );
    }
  }
}
