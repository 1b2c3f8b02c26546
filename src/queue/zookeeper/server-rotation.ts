/**
 * Which server to try next, and when: all in turn, in an order of this process's own so that gateways spread over
 * the ensemble, without delay the first time round and after a random delay before each further try, so that a
 * server that comes back is not met by everyone at once.
 */

import type { ServerAddress } from './address.ts';

const delayMsMax = 500;

export class ServerRotation {
  readonly #servers: readonly ServerAddress[];
  readonly #random: () => number;
  #index: number;
  #tries = 0;

  constructor(servers: readonly ServerAddress[], random: () => number) {
    this.#servers = servers;
    this.#random = random;
    this.#index = Math.floor(random() * servers.length);
  }

  next(): { server: ServerAddress; delayMs: number } {
    const server = this.#servers[this.#index % this.#servers.length];
    if (!server) throw new Error('no servers');
    const delayMs = this.#tries < this.#servers.length ? 0 : this.#random() * delayMsMax;
    this.#index += 1;
    this.#tries += 1;
    return { server, delayMs };
  }

  /** A connection was of use: the next round starts without delay. */
  reset(): void {
    this.#tries = 0;
  }
}
