/** What a fault may do to those who are served, beside what the history must never show. Pure. */
import type { Counts } from './tally.ts';

export interface FaultMeasure {
  readonly name: string;
  readonly what: string;
  /** Longest time without a successful publish. */
  readonly unavailableMs: {
    /** Through nginx. */
    readonly nginx: number;
    /** Through nginx or at any gateway. */
    readonly anywhere: number;
  };
  /** Of the load, by how they ended; the probe's own do not count. */
  readonly requests: { readonly nginx: Counts; readonly gateway: Counts };
  /** Requests of the load through nginx that had no answer yet when the fault came. */
  readonly inFlightAtNginx: number;
  readonly secondsTaken: number;
  /** Ways in which requests through nginx failed, and how often. */
  readonly failures: Readonly<Record<string, number>>;
}

/** The ensemble has to notice, to elect, and clients to find it again. */
const leaderSessions = 2;

/** What is worse than promised, in sentences. */
export function brokenExpectations(measure: FaultMeasure, sessionTimeoutMs: number): string[] {
  const { name, what, unavailableMs, requests, inFlightAtNginx } = measure;
  const failed = requests.nginx.refused + requests.nginx.unknown;
  if (name === 'leader-killed' && unavailableMs.anywhere > leaderSessions * sessionTimeoutMs) {
    return [`${name} (${what}): no service for ${Math.round(unavailableMs.anywhere)} ms`];
  }
  if ((name === 'follower-killed' || name === 'gateway-killed') && failed > inFlightAtNginx) {
    return [`${name} (${what}): ${failed} requests through nginx failed, ${inFlightAtNginx} were in flight`];
  }
  if (name === 'gateways-rolling' && failed > 0) {
    return [`${name}: ${failed} requests through nginx failed: ${JSON.stringify(measure.failures)}`];
  }
  return [];
}
