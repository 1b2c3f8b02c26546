/**
 * An ensemble in virtual time: a leader, followers that are behind it by some time, and the leader's clock.
 *
 * A commit takes effect at the leader at once; each follower applies the same commits in the same order, later. A
 * session reads at the server that it is connected to, and so may read what is old.
 */
import type { CommitResult, Write } from '../../src/queue/zookeeper/store.ts';
import { MemoryEnsemble } from '../support/memory-ensemble.ts';
import type { Chance } from './chance.ts';
import type { VirtualTime } from './virtual-time.ts';

/** 2026-01-01T00:00Z: what the leader's clock shows when a run begins. */
const EPOCH_MS = 1_767_225_600_000;

type Transaction = { readonly writes: readonly Write[]; readonly atMs: number } | 'new epoch';

export class SimulatedServer {
  readonly tree: MemoryEnsemble;
  readonly #log: readonly Transaction[];
  #applied = 0;
  #stampMs = 0;
  up = true;
  /** Applies nothing on its own until then, unless a session waits for its own write. */
  stalledUntilMs = 0;
  catchUpScheduled = false;
  /** Open connections. Without any it catches up only when somebody comes: nobody could tell. */
  connections = 0;

  constructor(log: readonly Transaction[], stampMs: number) {
    this.#log = log;
    this.#stampMs = stampMs;
    this.tree = new MemoryEnsemble(() => this.#stampMs);
  }

  /** Applies all that was committed by now. @returns the result of the last */
  catchUp(): CommitResult | undefined {
    let result: CommitResult | undefined;
    while (this.#applied < this.#log.length) {
      const transaction = this.#log[this.#applied] as Transaction;
      this.#applied += 1;
      if (transaction === 'new epoch') {
        this.tree.beginEpoch();
        continue;
      }
      this.#stampMs = transaction.atMs;
      result = this.tree.apply(transaction.writes);
    }
    return result;
  }
}

export class SimulatedEnsemble {
  readonly servers: readonly SimulatedServer[];
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #log: Transaction[] = [];
  #leader: SimulatedServer;
  #clockOffsetMs = 0;
  #latestOffsetMs = 0;
  #earliestOffsetMs = 0;
  #electing = false;
  /** Mean time by which a follower is behind. */
  lagMs = 2;

  constructor(time: VirtualTime, chance: Chance, size: number) {
    this.#time = time;
    this.#chance = chance;
    this.servers = Array.from({ length: size }, () => new SimulatedServer(this.#log, this.clockMs));
    this.#leader = this.servers[0] as SimulatedServer;
  }

  /** What the leader's clock shows, in ms since 1970. */
  get clockMs(): number {
    return EPOCH_MS + Math.floor(this.#time.nowMs) + this.#clockOffsetMs;
  }

  /** What is committed. */
  get tree(): MemoryEnsemble {
    return this.#leader.tree;
  }

  /** A leader and a majority are there: sessions are served. */
  get available(): boolean {
    return !this.#electing;
  }

  /**
   * The latest that anybody may take it for: a gateway that has not heard of a jump backwards goes on from what the
   * clock showed before.
   */
  get latestClockMs(): number {
    return EPOCH_MS + Math.floor(this.#time.nowMs) + this.#latestOffsetMs;
  }

  /** The earliest that anybody may take it for who has heard of no jump ahead, but for the time that answers take. */
  get earliestClockMs(): number {
    return EPOCH_MS + Math.floor(this.#time.nowMs) + this.#earliestOffsetMs;
  }

  jumpClock(ms: number): void {
    this.#clockOffsetMs += ms;
    this.#latestOffsetMs = Math.max(this.#latestOffsetMs, this.#clockOffsetMs);
    this.#earliestOffsetMs = Math.min(this.#earliestOffsetMs, this.#clockOffsetMs);
  }

  isLeader(server: SimulatedServer): boolean {
    return server === this.#leader;
  }

  commit(writes: readonly Write[]): CommitResult {
    this.#log.push({ writes, atMs: this.clockMs });
    const result = this.#leader.catchUp() as CommitResult;
    for (const server of this.servers) if (server.connections > 0) this.#scheduleCatchUp(server);
    return result;
  }

  /** The leader is gone: nobody is served until another leads. The caller cuts the connections. */
  loseLeader(): void {
    this.#electing = true;
  }

  elect(): void {
    this.#leader = this.#chance.pick(this.servers.filter((server) => server.up));
    this.#log.push('new epoch');
    for (const server of this.servers) server.catchUp();
    this.#electing = false;
  }

  #scheduleCatchUp(server: SimulatedServer): void {
    if (server === this.#leader || server.catchUpScheduled) return;
    server.catchUpScheduled = true;
    const stallMs = Math.max(0, server.stalledUntilMs - this.#time.nowMs);
    this.#time.after(stallMs + this.#chance.around(this.lagMs), () => {
      server.catchUpScheduled = false;
      if (server.stalledUntilMs > this.#time.nowMs) this.#scheduleCatchUp(server);
      else if (server.up) server.catchUp();
    });
  }
}
