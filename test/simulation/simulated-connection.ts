/**
 * One connection of a session to a server: requests and answers each keep their order, however long they travel.
 *
 *   send -> travels -> arrives -> served (a write holds up what follows until its server has applied it) -> answer
 *
 * A connection that is cut delivers no further answers. Of the requests on their way some of the first may still
 * arrive, until the session has moved to another connection: then the server refuses them.
 */
import type { CommitResult, Write } from '../../src/queue/zookeeper/store.ts';
import type { Chance } from './chance.ts';
import type { SimulatedEnsemble, SimulatedServer } from './simulated-ensemble.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a request does at the server: reads its tree, or commits. */
export type Work =
  | { readonly writes: readonly Write[]; answer(result: CommitResult): void }
  | { read(server: SimulatedServer): () => void };

export interface Network {
  /** Mean time that anything takes in one direction. */
  delayMs: number;
  /** Time that everything takes in one direction on top of that, always the same. */
  distanceMs: number;
  /** Nothing arrives before this instant, in either direction. */
  heldUntilMs: number;
}

export class SimulatedConnection {
  readonly server: SimulatedServer;
  readonly #ensemble: SimulatedEnsemble;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #network: Network;
  readonly #travelling: Work[] = [];
  readonly #arrived: Work[] = [];
  #serving = false;
  #lastArrivalMs = 0;
  #lastAnswerMs = 0;
  #cut = false;
  #moved = false;

  constructor(
    time: VirtualTime,
    chance: Chance,
    ensemble: SimulatedEnsemble,
    server: SimulatedServer,
    network: Network,
  ) {
    this.#time = time;
    this.#chance = chance;
    this.#ensemble = ensemble;
    this.server = server;
    this.#network = network;
    server.connections += 1;
    server.catchUp();
  }

  send(work: Work): void {
    this.#travelling.push(work);
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#arrivalMs());
    this.#time.after(this.#lastArrivalMs - this.#time.nowMs, () => {
      const next = this.#travelling.shift();
      if (next === undefined || this.#moved) return;
      this.#arrived.push(next);
      this.#serve();
    });
  }

  /** Passes something from the server to the client, after all that was passed before. */
  answer(deliver: () => void): void {
    this.#lastAnswerMs = Math.max(this.#lastAnswerMs, this.#arrivalMs());
    this.#time.after(this.#lastAnswerMs - this.#time.nowMs, () => {
      if (!this.#cut) deliver();
    });
  }

  cut(): void {
    if (this.#cut) return;
    this.#cut = true;
    this.server.connections -= 1;
    // Some of the first may be in the server's buffers by now; the others are gone with the socket.
    this.#travelling.length = this.#chance.below(this.#travelling.length + 1);
  }

  /** The session is served elsewhere, or over: what still comes this way is refused. */
  end(): void {
    this.cut();
    this.#moved = true;
    this.#arrived.length = 0;
  }

  get open(): boolean {
    return !this.#cut;
  }

  #arrivalMs(): number {
    const atMs = this.#time.nowMs + this.#network.distanceMs + this.#chance.around(this.#network.delayMs);
    return Math.max(atMs, this.#network.heldUntilMs);
  }

  #serve(): void {
    while (!this.#serving && !this.#moved) {
      const work = this.#arrived.shift();
      if (work === undefined) return;
      if ('read' in work) {
        // Of a connection that is cut nobody hears, and no watch is left behind.
        if (!this.#cut) this.answer(work.read(this.server));
        continue;
      }
      // Nobody leads: the write is lost with the connection.
      if (!this.#ensemble.available || !this.server.up) return;
      const result = this.#ensemble.commit(work.writes);
      if (this.#ensemble.isLeader(this.server)) {
        this.answer(() => work.answer(result));
        continue;
      }
      this.#serving = true;
      this.#time.after(this.#chance.around(this.#ensemble.lagMs), () => {
        this.#serving = false;
        this.server.catchUp();
        this.answer(() => work.answer(result));
        this.#serve();
      });
    }
  }
}
