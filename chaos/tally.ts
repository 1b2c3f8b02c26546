/** How the requests of a load end, through nginx and at the gateways themselves. */
import type { Ending } from '../test/support/queue-client.ts';

export type Via = 'nginx' | 'gateway';

export interface Counts {
  readonly done: number;
  readonly refused: number;
  readonly unknown: number;
}

export interface Failure {
  readonly via: Via;
  readonly kind: 'refused' | 'unknown';
  readonly code: string;
}

export class Tally {
  readonly failures: Failure[] = [];
  readonly #nginx: string;
  readonly #counts = { nginx: zero(), gateway: zero() };
  readonly #inFlight = { nginx: 0, gateway: 0 };

  constructor(nginx: string) {
    this.#nginx = nginx;
  }

  /** For `LoadOptions.observe`. */
  readonly observe = (url: string): ((ending: Ending<unknown>) => void) => {
    const via: Via = url === this.#nginx ? 'nginx' : 'gateway';
    this.#inFlight[via] += 1;
    return (ending) => {
      this.#inFlight[via] -= 1;
      this.#counts[via][ending.kind] += 1;
      if (ending.kind === 'done') return;
      this.failures.push({ via, kind: ending.kind, code: ending.problem?.code ?? 'no answer' });
    };
  };

  inFlight(via: Via): number {
    return this.#inFlight[via];
  }

  /** Up to now. */
  counts(via: Via): Counts {
    return { ...this.#counts[via] };
  }
}

export function countsBetween(before: Counts, after: Counts): Counts {
  return {
    done: after.done - before.done,
    refused: after.refused - before.refused,
    unknown: after.unknown - before.unknown,
  };
}

function zero(): { done: number; refused: number; unknown: number } {
  return { done: 0, refused: 0, unknown: 0 };
}
