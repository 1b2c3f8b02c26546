/** Sharing a page between gateways: alone nobody waits, a loser goes at once, a winner among others steps back. */
import { describe, expect, it } from 'vitest';
import { TurnTaking } from '../../../../src/queue/cursor/turn-taking.ts';

const taking = (fraction = 0.5) => new TurnTaking({ fraction: () => fraction, token: () => '' });

describe('a gateway that writes a page', () => {
  it('never waits and never looks first while it is alone, however often it wins', () => {
    const turns = taking();
    for (let nowMs = 0; nowMs < 100; nowMs += 1) {
      turns.noteWon(2);
      expect(turns.pauseMs(nowMs)).toBe(0);
      expect(turns.looksFirst(nowMs)).toBe(false);
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
      turns.noteWon(2);
      const pauseMs = turns.pauseMs(1_002);
      expect(pauseMs).toBeGreaterThanOrEqual(2);
      expect(pauseMs).toBeLessThan(4);
      expect(turns.looksFirst(1_002)).toBe(true);
    },
  );

  it('leaves the others more time over a slow link, and remembers them longer, but never without end', () => {
    const turns = taking(0);
    turns.noteLost(1_000);
    turns.noteWon(80);
    expect(turns.pauseMs(1_500)).toBe(80);
    turns.noteWon(60_000);
    expect(turns.pauseMs(1_500)).toBe(250);
    turns.noteWon(0);
    expect(turns.pauseMs(1_100)).toBe(1);
  });

  it('goes on as if alone when it has met nobody for a while', () => {
    const turns = taking();
    turns.noteLost(1_000);
    turns.noteWon(2);
    expect(turns.pauseMs(1_250)).toBe(0);
    expect(turns.looksFirst(1_250)).toBe(false);
  });
});
