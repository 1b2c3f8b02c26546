/**
 * The subscriptions whose dead letters come to a queue. A message dies when its last lease ends, but nobody watches
 * every lease: so whoever is about to look at a dead-letter queue first has its sources bury their dead, and while
 * somebody waits at it, its sources are followed.
 */
import type { Subscription } from '../cursor/subscription.ts';
import { BrokerError } from '../model/errors.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { parseSourceName, sourcesPath } from '../zookeeper/paths.ts';

/** After the last one has waited. */
const LINGER_MS = 5_000;

export class DeadLetterSources {
  readonly #runtime: Runtime;
  readonly #id: string;
  readonly #find: (id: string, subscription: string) => Promise<Subscription | undefined>;
  #followed: Subscription[] = [];
  #wanted = false;
  #isListOld = false;
  #cancelEnd: (() => void) | undefined;
  #working: Promise<void> | undefined;

  /** @param find a subscription of an incarnation; undefined when it is no more */
  constructor(
    runtime: Runtime,
    id: string,
    find: (id: string, subscription: string) => Promise<Subscription | undefined>,
  ) {
    this.#runtime = runtime;
    this.#id = id;
    this.#find = find;
  }

  /** Has every source bury what is dead by now. Rejects with a StoreError; throws BrokerError. */
  async bury(): Promise<void> {
    const sources = await this.#list();
    await Promise.all(sources.map((source) => source.bury().catch(unlessGone)));
  }

  /** Follows the sources while somebody waits for dead letters, and a while longer. Returns at once. */
  follow(wanted: boolean): void {
    this.#cancelEnd?.();
    this.#cancelEnd = undefined;
    if (wanted) {
      // Who waits again a moment later, as consumers do between two messages, costs nothing.
      if (!this.#wanted || this.#isListOld) this.#setWanted(true);
    } else if (this.#wanted) {
      this.#cancelEnd = this.#runtime.timers.after(LINGER_MS, () => this.#setWanted(false));
    }
  }

  #setWanted(wanted: boolean): void {
    this.#wanted = wanted;
    this.#adjustSoon();
  }

  #adjustSoon(): void {
    const wanted = this.#wanted;
    if (this.#working !== undefined) return;
    this.#working = this.#adjust().then(
      () => {
        this.#working = undefined;
        if (this.#wanted !== wanted || this.#isListOld) this.#adjustSoon();
      },
      () => {
        // Whoever waits next tries again.
        this.#working = undefined;
        this.#isListOld = true;
      },
    );
  }

  async #adjust(): Promise<void> {
    this.#isListOld = false;
    const sources = this.#wanted ? await this.#list(this.#relist) : [];
    const next = this.#wanted ? sources : [];
    for (const source of next) if (!this.#followed.includes(source)) source.follow();
    for (const source of this.#followed) if (!next.includes(source)) source.unfollow();
    this.#followed = next;
  }

  /** A source has come or gone, or the connection has been lost. */
  readonly #relist = (): void => {
    this.#isListOld = true;
    if (this.#wanted) this.#adjustSoon();
  };

  async #list(watch?: () => void): Promise<Subscription[]> {
    const options = watch === undefined ? {} : { watch };
    const listing = await this.#runtime.store.list(sourcesPath(this.#id), options);
    const found = await Promise.all(
      (listing?.children ?? [])
        .map(parseSourceName)
        .map(({ id, subscription }) => this.#find(id, subscription)),
    );
    return found.filter((source) => source !== undefined);
  }
}

/** A source that has been deleted has nothing left to bury. */
function unlessGone(error: unknown): void {
  if (!(error instanceof BrokerError) || error.code !== 'not-found') throw error;
}
