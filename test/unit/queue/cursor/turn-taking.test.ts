/** Sharing a page between gateways: alone nobody waits, a loser goes at once, a winner among others steps back. */
import { describe, expect, it } from 'vitest';
import { TurnTaking } from '../../../../src/queue/cursor/turn-taking.ts';

const taking = (fraction = 0.5) => new TurnTaking({ fraction: () => fraction, token: () => '' });

describe('a gateway that writes a page', () => {
  it('never waits, looks or asks while it is alone, however often it wins', () => {
    const turns = taking();
    for (let nowMs = 0; nowMs < 100; nowMs += 1) {
      turns.noteWon(nowMs);
      expect(turns.pauseMs(nowMs)).toBe(0);
      expect(turns.looksFirst(nowMs)).toBe(false);
      expect(turns.isStarving(nowMs)).toBe(false);
    }
  });

  it('that has just lost tries again at once, on what it has read anew', () => {
    const turns = taking();
    turns.noteLost(1_000);
    expect(turns.pauseMs(1_001)).toBe(0);
    expect(turns.looksFirst(1_001)).toBe(true);
  });

  it.each([0, 0.5, 0.999])(
    'that wins after a loss steps back for one or two turns (chance %d)',
    (fraction) => {
      const turns = taking(fraction);
      turns.noteLost(1_000);
      turns.noteTurn(2);
      turns.noteWon(1_002);
      const pauseMs = turns.pauseMs(1_002);
      expect(pauseMs).toBeGreaterThanOrEqual(2);
      expect(pauseMs).toBeLessThan(4);
      expect(turns.looksFirst(1_002)).toBe(true);
    },
  );

  it('leaves the others more time over a slow link, and remembers them longer, but never without end', () => {
    const turns = taking(0);
    turns.noteLost(1_000);
    turns.noteWon(1_400);
    turns.noteTurn(80);
    expect(turns.pauseMs(1_500)).toBe(80);
    for (let count = 0; count < 10; count += 1) turns.noteTurn(60_000);
    expect(turns.pauseMs(1_500)).toBe(250);
    for (let count = 0; count < 10; count += 1) turns.noteTurn(0);
    expect(turns.pauseMs(1_100)).toBe(1);
  });

  it('goes on as if alone when it has met nobody for a while', () => {
    const turns = taking();
    turns.noteLost(1_000);
    turns.noteWon(1_002);
    expect(turns.pauseMs(1_250)).toBe(0);
    expect(turns.looksFirst(1_250)).toBe(false);
  });
});

describe('a gateway that loses again and again', () => {
  const starving = (): TurnTaking => {
    const turns = taking(0);
    turns.noteTurn(40);
    turns.noteLost(1_000);
    expect(turns.isStarving(1_000)).toBe(false);
    turns.noteLost(1_040);
    return turns;
  };

  it('asks for a turn with its second loss, and with each one that comes soon after it has asked', () => {
    const turns = starving();
    expect(turns.isStarving(1_040)).toBe(true);
    turns.noteAsked(1_040);
    turns.noteWon(1_080);
    expect(turns.isStarving(1_080)).toBe(false);
    turns.noteLost(1_120);
    expect(turns.isStarving(1_120)).toBe(true);
  });

  it('writes without a look once it is let in, then leaves the page to the others for longer than it had it', () => {
    const turns = starving();
    turns.noteAsked(1_040);
    turns.noteWon(1_080);
    expect([turns.pauseMs(1_100), turns.looksFirst(1_100)]).toEqual([0, false]);
    // Its own time ends a little early, at 1,110.
    expect([turns.pauseMs(1_110), turns.looksFirst(1_110)]).toEqual([80, true]);
    expect(turns.pauseMs(1_190)).toBe(0);
    // What it writes within its time does not make it longer.
    turns.noteWon(1_100);
    expect(turns.pauseMs(1_110)).toBe(80);
  });

  it('looks again at once when it loses in its own time', () => {
    const turns = starving();
    turns.noteAsked(1_040);
    turns.noteWon(1_080);
    turns.noteLost(1_090);
    expect([turns.pauseMs(1_091), turns.looksFirst(1_091)]).toEqual([0, true]);
  });

  it('does not go on asking when there was nothing to write', () => {
    const turns = starving();
    turns.noteAsked(1_040);
    turns.noteUnused();
    expect(turns.isStarving(1_080)).toBe(false);
  });

  it('shares as equals do when the others have been silent for a while', () => {
    const turns = starving();
    turns.noteAsked(1_040);
    turns.noteWon(1_080);
    turns.noteForeign(1_300);
    expect(turns.looksFirst(1_610)).toBe(true);
    expect(turns.looksFirst(1_620)).toBe(false);
    // Whoever has not asked lately is in no need of it.
    turns.noteForeign(1_700);
    expect(turns.looksFirst(1_700)).toBe(false);
  });
});
