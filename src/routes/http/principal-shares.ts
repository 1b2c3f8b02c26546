/**
 * What one principal may take of the places and the memory of a gateway at a time, so that whoever asks for all of it
 * leaves others theirs: waiting costs nothing against a limit of requests a second.
 */
import { ANONYMOUS, type Principal } from '../../access/index.ts';
import { Budget } from '../../queue/index.ts';

/** Of one principal. */
export interface PrincipalLimits {
  readonly requestsMax: number;
  readonly waitingReceivesMax: number;
  readonly requestBytesMax: number;
}

/** The limits of one principal that may have `percent` of each of those of the gateway, and one body in any case. */
export function principalLimits(
  ofGateway: PrincipalLimits,
  percent: number,
  bodyBytesMax: number,
): PrincipalLimits {
  const part = (limit: number): number => Math.max(1, Math.floor((limit * percent) / 100));
  return {
    requestsMax: part(ofGateway.requestsMax),
    waitingReceivesMax: part(ofGateway.waitingReceivesMax),
    requestBytesMax: Math.max(part(ofGateway.requestBytesMax), bodyBytesMax),
  };
}

/** What a principal has taken. */
export class PrincipalShare {
  readonly name: string;
  readonly requests: Budget;
  readonly waitingReceives: Budget;
  readonly requestBytes: Budget;

  constructor(name: string, limits: PrincipalLimits) {
    this.name = name;
    this.requests = new Budget(limits.requestsMax);
    this.waitingReceives = new Budget(limits.waitingReceivesMax);
    this.requestBytes = new Budget(limits.requestBytesMax);
  }
}

/** Keeps shares of those who have requests under way, and of nobody else. */
export class PrincipalShares {
  readonly #limits: PrincipalLimits | undefined;
  readonly #byName = new Map<string, PrincipalShare>();

  /** @param limits undefined when everybody may have everything */
  constructor(limits: PrincipalLimits | undefined) {
    this.#limits = limits;
  }

  /** The share of a principal; undefined when it has no limits, as where nobody can be told from another. */
  of(principal: Principal): PrincipalShare | undefined {
    if (this.#limits === undefined || principal === ANONYMOUS) return undefined;
    const share = this.#byName.get(principal.name) ?? new PrincipalShare(principal.name, this.#limits);
    this.#byName.set(principal.name, share);
    return share;
  }

  /** One of its requests is over. */
  forgetUnused({ name, requests }: PrincipalShare): void {
    if (requests.used === 0) this.#byName.delete(name);
  }
}
