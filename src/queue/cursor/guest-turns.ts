/**
 * How a gateway lets in a guest: another one, whose turns are longer than its own, and which has asked for a turn. Pure.
 *
 *     awaited --it writes--> writing --silent, or its time is over--> away --our time is over--> awaited
 *        '--it does not come--> forgotten
 *
 * While it is awaited and while it writes we hold back, and look now and then. While it is away we write as if alone. If
 * it has nothing to write any more, we wait for it once, for little more than one of its turns.
 */
import { OTHERS_TURNS, OWN_TURNS } from './turn-taking.ts';

/** For how long a guest is awaited, in its turns: it may be in the middle of one that it will lose. */
const AWAITED_TURNS = 1.5;
/** If it is silent for so long, in its turns, it has finished early: it makes no look between two writes. */
const SILENT_TURNS = 0.5;

/** What a gateway tells the others when it asks for a turn. */
export interface TurnRequest {
  /** Pages name its commits by it. */
  readonly writer: string;
  /** The number of its last commit, or attempt at one: once a page names a later one, it has had its turn. */
  readonly commit: number;
  /** How long a look and a write take there. */
  readonly turnMs: number;
}

type Phase = 'awaited' | 'writing' | 'away';

interface Guest {
  readonly turnMs: number;
  readonly phase: Phase;
  readonly untilMs: number;
}

export class GuestTurns {
  #guest: Guest | undefined;
  /** While it writes: from when on it has been silent for too long. */
  #silentFromMs = 0;

  /** Somebody is let in, now or soon. */
  isExpected(nowMs: number): boolean {
    return this.#at(nowMs) !== undefined;
  }

  /** Another gateway has asked. The one with the longer turns goes first, so of two that ask, one lets the other in. */
  invite({ turnMs }: TurnRequest, ownTurnMs: number, nowMs: number): void {
    if (turnMs <= ownTurnMs) return;
    this.#guest = { turnMs, phase: 'awaited', untilMs: nowMs + turnMs * AWAITED_TURNS };
  }

  /** A look has shown that the guest has written. */
  noteWrote(nowMs: number): void {
    const guest = this.#at(nowMs);
    if (guest === undefined || guest.phase === 'away') return;
    // Later writes do not make its time longer.
    if (guest.phase === 'awaited')
      this.#guest = { ...guest, phase: 'writing', untilMs: nowMs + guest.turnMs * OWN_TURNS };
    this.#silentFromMs = nowMs + guest.turnMs * SILENT_TURNS;
  }

  /** Whether to leave the page to the guest. */
  holdsBack(nowMs: number): boolean {
    const guest = this.#at(nowMs);
    return guest !== undefined && guest.phase !== 'away';
  }

  /** The guest as it is by now. */
  #at(nowMs: number): Guest | undefined {
    for (let guest = this.#guest; guest !== undefined; guest = this.#guest) {
      const { turnMs, phase } = guest;
      const endMs = phase === 'writing' ? Math.min(guest.untilMs, this.#silentFromMs) : guest.untilMs;
      if (nowMs < endMs) return guest;
      if (phase === 'awaited') this.#guest = undefined;
      else if (phase === 'writing')
        this.#guest = { turnMs, phase: 'away', untilMs: endMs + turnMs * OTHERS_TURNS };
      else this.#guest = { turnMs, phase: 'awaited', untilMs: endMs + turnMs * AWAITED_TURNS };
    }
    return undefined;
  }
}
