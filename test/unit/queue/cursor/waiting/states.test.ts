/** The states of what waits at a subscription, and of the loop that serves it. */
import { describe, expect, it } from 'vitest';
import {
  began,
  beganDraining,
  beganHandOff,
  type ClaimState,
  cameToRest,
  foundNothing,
  gathered,
  heardNews,
  isAtRest,
  isDue,
  joinsRound,
  lookedAgain,
  mayHandOff,
  NEW_LOOP,
  newClaim,
  timeIsUp,
  tookNews,
} from '../../../../../src/queue/cursor/waiting/states.ts';

const STEPS = ['looking', 'gathering', 'confirming'] as const;
const ALL: readonly ClaimState[] = STEPS.flatMap((step) => [
  { step, isTimeUp: false },
  { step, isTimeUp: true },
]);

describe('a claim', () => {
  it('goes round by way of gathering and confirming while its time is not up', () => {
    const steps = [newClaim(1000)];
    for (const next of [foundNothing, gathered, lookedAgain]) steps.push(next(steps.at(-1) as ClaimState));
    expect(steps.map(({ step }) => step)).toEqual(['looking', 'gathering', 'confirming', 'looking']);
    expect(steps.every(({ isTimeUp }) => !isTimeUp)).toBe(true);
  });

  it('stays with its second look once its time is up, until that answers it', () => {
    const state = gathered(foundNothing(newClaim(0)));
    expect(lookedAgain(state)).toEqual({ step: 'confirming', isTimeUp: true });
    expect(foundNothing(state)).toEqual(state);
  });

  it('may run out of time at any step, and stays there', () => {
    for (const state of ALL) expect(timeIsUp(state)).toEqual({ step: state.step, isTimeUp: true });
  });

  it('has its time up from the start when it does not wait', () => {
    expect([newClaim(0), newClaim(-1), newClaim(1)].map(({ isTimeUp }) => isTimeUp)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is due to be confirmed, or when its time is up, but never while messages are being gathered', () => {
    expect(ALL.filter(isDue)).toEqual([
      { step: 'looking', isTimeUp: true },
      { step: 'confirming', isTimeUp: false },
      { step: 'confirming', isTimeUp: true },
    ]);
  });

  it('joins a round for all, unless messages are being gathered for it', () => {
    expect(ALL.filter((state) => !joinsRound(state, true)).map(({ step }) => step)).toEqual([
      'gathering',
      'gathering',
    ]);
    expect(ALL.filter((state) => joinsRound(state, false))).toEqual(ALL.filter(isDue));
  });

  it('moves only from the step that a transition is for', () => {
    for (const state of ALL) {
      if (state.step !== 'looking') expect(foundNothing(state)).toEqual(state);
      if (state.step !== 'gathering') expect(gathered(state)).toEqual(state);
      if (state.step !== 'confirming') expect(lookedAgain(state)).toEqual(state);
    }
  });
});

describe('the loop', () => {
  it('begins with news that nobody has looked at', () => {
    expect(NEW_LOOP).toEqual({ phase: 'idle', news: 'unseen', door: 'open' });
    expect(tookNews(NEW_LOOP).news).toBe('seen');
    expect(heardNews(tookNews(NEW_LOOP)).news).toBe('unseen');
  });

  it('keeps news that come while a round is under way, or while a publisher hands off', () => {
    for (const busy of [began, beganHandOff]) {
      const loop = heardNews(busy(tookNews(NEW_LOOP)));
      expect(isAtRest(loop)).toBe(false);
      expect(cameToRest(loop, true)).toEqual({ phase: 'parked', news: 'unseen', door: 'open' });
    }
  });

  it('parks only where somebody waits', () => {
    expect(cameToRest(began(NEW_LOOP), true).phase).toBe('parked');
    expect(cameToRest(began(NEW_LOOP), false).phase).toBe('idle');
  });

  it('hands off at rest, and while the door is open', () => {
    const parked = cameToRest(NEW_LOOP, true);
    expect([NEW_LOOP, parked].every(mayHandOff)).toBe(true);
    expect([began(parked), beganHandOff(parked), beganDraining(parked)].some(mayHandOff)).toBe(false);
  });

  it('never parks once it drains, and goes on with what is under way', () => {
    expect(beganDraining(cameToRest(NEW_LOOP, true)).phase).toBe('idle');
    const running = beganDraining(began(NEW_LOOP));
    expect(running).toMatchObject({ phase: 'running', door: 'draining' });
    expect(cameToRest(running, true).phase).toBe('idle');
    expect(beganDraining(beganHandOff(NEW_LOOP)).phase).toBe('handing-off');
  });
});
