/**
 * The states of all that waits at a subscription, and of the loop that serves it. Pure: a transition takes a state and
 * returns the next one.
 *
 * A claim is a receive that waits for messages:
 *
 *                  .---------- the second look is made, and its time is not up -----------.
 *                  v                                                                      |
 *     new ----> looking --a round finds nothing--> gathering --messages are here--> confirming
 *                  |                                                                      |
 *                  '-- a round leases messages --> answered <-- messages, or surely none -'
 *
 *     looking      It takes part in each round that a hint has started, and in the next one once its time is up.
 *     gathering    A round may be wrong about there being nothing, for it looks at what this gateway knows. So the gateway
 *                  brings in what should be here by now: what is due in the schedule, what died in another queue.
 *     confirming   The next round reads everything behind a barrier. What it finds is the answer.
 *
 * A round finds nothing for a claim when the claim's time is up and there is no message; when the client can't be given
 * the next message; or when this gateway remembers the claim's attempt. Only the first of these depends on the time.
 *
 * A settle request needs a second look when a round finds that a lease is lost, or a message already done with:
 *
 *     new ----> looking --a round finds nothing to change--> confirming --the second look--> answered
 *
 * The loop of a subscription:
 *
 *                 .------------- a request, or news for somebody who waits --------------.
 *                 v                                                                      |
 *              running --nothing is left to do--> parked (somebody waits) or idle (nobody waits)
 *                 ^                                                                      |
 *                 '--- the commit is answered --- handing-off <-- a publisher leases to those who wait
 *
 *     idle          Nobody waits, and nothing is watched.
 *     parked        Claims wait: watches and timers wake the loop (`wake-ups.ts`).
 *     running       Rounds follow each other, one commit at a time.
 *     handing-off   A publisher's commit contains the cursor's pages. No round may begin until it is answered.
 *
 * News may come in any of them. They are unseen until a round looks on behalf of all who wait. The door is draining once
 * this gateway is about to stop: claims are then answered at once, and the loop never parks again.
 */

export interface ClaimState {
  readonly step: 'looking' | 'gathering' | 'confirming';
  /** It has waited as long as it wanted to. */
  readonly isTimeUp: boolean;
}

/** @param waitMs how long it wants to wait for a message */
export function newClaim(waitMs: number): ClaimState {
  return { step: 'looking', isTimeUp: waitMs <= 0 };
}

export function timeIsUp(state: ClaimState): ClaimState {
  return { ...state, isTimeUp: true };
}

/** A round has looked for it and found nothing. In a second look that failed the claim stays as it is. */
export function foundNothing(state: ClaimState): ClaimState {
  return state.step === 'looking' ? { ...state, step: 'gathering' } : state;
}

/** All that should be here by now has been brought in. */
export function gathered(state: ClaimState): ClaimState {
  return state.step === 'gathering' ? { ...state, step: 'confirming' } : state;
}

/** The second look was made and did not answer it. With time left it goes on as if it had just come. */
export function lookedAgain(state: ClaimState): ClaimState {
  return state.step === 'confirming' && !state.isTimeUp ? { ...state, step: 'looking' } : state;
}

/** Whether it needs a round, although there are no news. */
export function isDue({ step, isTimeUp }: ClaimState): boolean {
  return step === 'confirming' || (step === 'looking' && isTimeUp);
}

/** Whether the next round is also for this claim. @param isForAll whether there are news that concern all who wait */
export function joinsRound(state: ClaimState, isForAll: boolean): boolean {
  return isDue(state) || (isForAll && state.step === 'looking');
}

export type SettleStep = 'looking' | 'confirming';

export interface LoopState {
  readonly phase: 'idle' | 'parked' | 'running' | 'handing-off';
  readonly news: 'unseen' | 'seen';
  readonly door: 'open' | 'draining';
}

/** Nobody has looked at a subscription that is new here. */
export const NEW_LOOP: LoopState = { phase: 'idle', news: 'unseen', door: 'open' };

export function isAtRest({ phase }: LoopState): boolean {
  return phase === 'idle' || phase === 'parked';
}

/** Something may have changed that those who wait would want to know. */
export function heardNews(loop: LoopState): LoopState {
  return { ...loop, news: 'unseen' };
}

export function began(loop: LoopState): LoopState {
  return { ...loop, phase: 'running' };
}

/** A round looks on behalf of all who wait. What comes from now on is for the next one. */
export function tookNews(loop: LoopState): LoopState {
  return { ...loop, news: 'seen' };
}

export function mayHandOff(loop: LoopState): boolean {
  return isAtRest(loop) && loop.door === 'open';
}

export function beganHandOff(loop: LoopState): LoopState {
  return { ...loop, phase: 'handing-off' };
}

/** @param hasWaiters whether claims, or those who follow its dead letters, wait for something to happen here */
export function cameToRest(loop: LoopState, hasWaiters: boolean): LoopState {
  return { ...loop, phase: hasWaiters && loop.door === 'open' ? 'parked' : 'idle' };
}

export function beganDraining(loop: LoopState): LoopState {
  return { ...loop, door: 'draining', phase: loop.phase === 'parked' ? 'idle' : loop.phase };
}
