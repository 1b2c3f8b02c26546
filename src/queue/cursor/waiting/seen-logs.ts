/**
 * How much of a topic's logs has been looked at for those who wait at one subscription. What is known of a log is shared
 * by all of this gateway: when another subscription, or a publish, has read on, a read of ours brings nothing new, and
 * yet there is something that nobody has looked at here.
 */
import type { Topic } from '../../log/topic.ts';

export class SeenLogs {
  readonly #topic: Topic;
  #seen: string | undefined;

  constructor(topic: Topic) {
    this.#topic = topic;
  }

  /** Where the logs end as far as known. */
  get ends(): string {
    return this.#topic.logs.map((log) => `${log.level}/${log.last}/${log.known(log.last)?.end}`).join();
  }

  /** Whether all that is known has been looked at. */
  get isAll(): boolean {
    return this.#seen === this.ends;
  }

  /** What is known is looked at on behalf of all who wait. */
  note(): void {
    this.#seen = this.ends;
  }

  /** That look came to nothing. */
  forget(): void {
    this.#seen = undefined;
  }
}
