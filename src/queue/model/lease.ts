/**
 * When a lease ends, and what that makes of the messages under it. Every decision about a lease's end is made here. Pure.
 *
 * A lease ends when `nowMs` reaches the run's `untilMs`: the holder has the message before that instant, and anyone may
 * claim it from that instant on. Nothing is written when a lease ends. The run stays in its page until somebody claims
 * the message, and until then its holder may still ack.
 *
 * `nowMs` is the time of the ensemble in ms since 1970, not that of this machine: see `EnsembleClock`.
 */
import { isPending, type Run, WAITING } from './page.ts';
import type { MessageState } from './vocabulary.ts';

/** Somebody holds these messages. */
export function isLeased(run: Run, nowMs: number): boolean {
  return run.lease !== WAITING && isInFlight(run, nowMs);
}

/** Leased, or nacked with a delay that is not over: these messages hold up their groups where order is kept. */
export function isInFlight(run: Run, nowMs: number): boolean {
  return isPending(run) && nowMs < run.untilMs;
}

/** The lease or the delay of these messages is over: they may be claimed. */
export function isReady(run: Run, nowMs: number): boolean {
  return isPending(run) && !isInFlight(run, nowMs);
}

/** The state that users see of a run that is pending. */
export function stateOf(run: Run, nowMs: number): MessageState {
  if (isReady(run, nowMs)) return 'ready';
  return isLeased(run, nowMs) ? 'leased' : 'delayed';
}
