/** Letting in a gateway that has asked for a turn: waited for, but never for long, and never all the time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GuestTurns } from '../../../../src/queue/cursor/guest-turns.ts';

const request = { writer: 'slow', commit: 7, turnMs: 40 };
const invited = (): GuestTurns => {
  const guest = new GuestTurns();
  guest.invite(request, 2, 1_000);
  return guest;
};

describe('a guest', () => {
  it('is not expected before it has asked, nor when its turns are no longer than ours', () => {
    const guest = new GuestTurns();
    expect([guest.isExpected(0), guest.holdsBack(0)]).toEqual([false, false]);
    guest.invite(request, 40, 0);
    expect([guest.isExpected(0), guest.holdsBack(0)]).toEqual([false, false]);
  });

  it('that does not come is waited for once, for one and a half of its turns', () => {
    const guest = invited();
    expect(guest.holdsBack(1_059)).toBe(true);
    expect([guest.holdsBack(1_060), guest.isExpected(1_060)]).toEqual([false, false]);
  });

  it('has the page for a turn while it goes on writing, then we have it for two, and then it is awaited again', () => {
    const guest = invited();
    for (const nowMs of [1_030, 1_045, 1_060]) guest.noteWrote(nowMs);
    expect(guest.holdsBack(1_069)).toBe(true);
    expect([guest.holdsBack(1_070), guest.isExpected(1_070)]).toEqual([false, true]);
    expect(guest.holdsBack(1_149)).toBe(false);
    expect(guest.holdsBack(1_150)).toBe(true);
    expect([guest.holdsBack(1_210), guest.isExpected(1_210)]).toEqual([false, false]);
  });

  it('that falls silent has ended early', () => {
    const guest = invited();
    guest.noteWrote(1_030);
    expect(guest.holdsBack(1_049)).toBe(true);
    expect([guest.holdsBack(1_050), guest.isExpected(1_050)]).toEqual([false, true]);
  });

  it('that writes in our time does not take it from us', () => {
    const guest = invited();
    guest.noteWrote(1_030);
    guest.noteWrote(1_060);
    expect(guest.holdsBack(1_061)).toBe(false);
  });

  it('never has more of the page than it leaves, whenever it writes, and is forgotten when it does not', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.boolean()), { minLength: 50 });
    fc.assert(
      fc.property(steps, (times) => {
        const guest = invited();
        let nowMs = 1_000;
        let heldMs = 0;
        for (const [ms, writes] of times) {
          if (guest.holdsBack(nowMs)) heldMs += ms;
          nowMs += ms;
          if (writes) guest.noteWrote(nowMs);
          else if (!guest.isExpected(nowMs)) guest.invite(request, 2, nowMs + 80);
        }
        // A turn and a half awaited and one at work for each two of ours, and what a step adds to either.
        expect(heldMs).toBeLessThan(0.75 * (nowMs - 1_000) + 200);
        expect(guest.isExpected(nowMs + 1_000)).toBe(false);
      }),
    );
  });
});
