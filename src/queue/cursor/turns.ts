/**
 * Lets several gateways write one subscription's cursor in turns. It waits for this gateway's turn, measures how long
 * turns take, asks others for a turn if this gateway starves, and lets in another that asks. The rules are in
 * `turn-taking.ts` and `guest-turns.ts`.
 */
import type { Runtime } from '../runtime/runtime.ts';
import { StoreError } from '../zookeeper/store.ts';
import type { CursorReader } from './cursor-reader.ts';
import type { CursorState } from './cursor-state.ts';
import type { CursorWriter } from './cursor-writer.ts';
import { GuestTurns, type TurnRequest } from './guest-turns.ts';
import { askForTurn, readTurnRequest } from './turn-request.ts';
import { TurnTaking } from './turn-taking.ts';

export class Turns {
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #reader: CursorReader;
  readonly #writer: CursorWriter;
  readonly #taking: TurnTaking;
  readonly #guestTurns = new GuestTurns();
  /** The starving gateway that we let go first, and its latest commit that we have seen. */
  #guest: Pick<TurnRequest, 'writer' | 'commit'> | undefined;
  /** When the turn under way began; undefined if it began without a look. */
  #beganMs: number | undefined;
  #hasAsked = false;

  constructor(runtime: Runtime, state: CursorState, reader: CursorReader, writer: CursorWriter) {
    this.#runtime = runtime;
    this.#state = state;
    this.#reader = reader;
    this.#writer = writer;
    this.#taking = new TurnTaking(runtime.random);
  }

  /** Other gateways have written here lately, or are let in. */
  get isContended(): boolean {
    const nowMs = this.#nowMs();
    return this.#guestTurns.isExpected(nowMs) || this.#taking.looksFirst(nowMs);
  }

  /**
   * Waits until this gateway may write. Returns at once without contention; otherwise waits at most a few turns of
   * others.
   */
  async next(): Promise<void> {
    if (this.#state.turnRequests.take()) await this.#tried(() => this.#meetGuest());
    await this.#pause(this.#taking.pauseMs(this.#nowMs()));
    while (this.#guestTurns.holdsBack(this.#nowMs())) {
      await this.#pause(this.#taking.turnMs);
      if (!(await this.#tried(() => this.#lookForGuest()))) return;
    }
  }

  /**
   * A turn begins; its look comes next.
   *
   * @returns a promise to await after the look (it asks the others for a turn if this gateway starves)
   */
  begin(): Promise<unknown> {
    const nowMs = this.#nowMs();
    const looks = this.#taking.looksFirst(nowMs);
    this.#beganMs = looks ? nowMs : undefined;
    this.#hasAsked = false;
    if (looks) this.#writer.markWrittenStale();
    const { lostAt } = this.#writer;
    if (lostAt === undefined || !this.#taking.isStarving(nowMs) || !this.#state.exists)
      return Promise.resolve();
    this.#hasAsked = true;
    this.#taking.noteAsked(nowMs);
    return this.#tried(() => this.#ask(lostAt));
  }

  /** The look has been made. */
  looked(): void {
    const isForeign = this.#writer
      .writtenPages()
      .some(({ writers: [last] }) => last !== undefined && last.writer !== this.#writer.name);
    if (isForeign) this.#taking.noteForeign(this.#nowMs());
    this.#findGuest();
  }

  /** There was nothing to write. */
  unused(): void {
    if (this.#hasAsked) this.#taking.noteUnused();
  }

  won(): void {
    this.#taking.noteWon(this.#nowMs());
    this.#measure();
    this.#findGuest();
  }

  /** A commit has failed because another gateway wrote first. */
  lost(): void {
    this.#taking.noteLost(this.#nowMs());
    this.#measure();
  }

  #measure(): void {
    if (this.#beganMs !== undefined) this.#taking.noteTurn(this.#nowMs() - this.#beganMs);
    this.#beganMs = undefined;
  }

  async #ask(lostAt: string): Promise<void> {
    const { name: writer, number: commit } = this.#writer;
    const { cursorPath, turnRequests } = this.#state;
    const request = { writer, commit, turnMs: this.#taking.turnMs };
    if (await askForTurn(this.#runtime.store, cursorPath, lostAt, request)) turnRequests.noteOwn(lostAt);
  }

  async #meetGuest(): Promise<void> {
    if (!this.#state.exists) return;
    const request = await readTurnRequest(this.#runtime.store, this.#state.cursorPath);
    if (request === undefined || request.writer === this.#writer.name) return;
    this.#guest = { ...request };
    this.#guestTurns.invite(request, this.#taking.turnMs, this.#nowMs());
    this.#findGuest();
  }

  async #lookForGuest(): Promise<void> {
    this.#writer.markWrittenStale();
    await this.#reader.refresh();
    this.#findGuest();
  }

  /** Looks for new commits of the guest in the pages that this gateway knows; reads nothing. */
  #findGuest(): void {
    if (this.#guest === undefined) return;
    const { writer, commit } = this.#guest;
    const marks = this.#writer.writtenPages().flatMap(({ writers }) => writers);
    const commits = marks.filter((mark) => mark.writer === writer).map((mark) => mark.commit);
    const last = Math.max(commit, ...commits);
    if (last === commit) return;
    this.#guest = { writer, commit: last };
    this.#guestTurns.noteWrote(this.#nowMs());
  }

  #pause(ms: number): Promise<void> | undefined {
    const { timers } = this.#runtime;
    return ms > 0 ? new Promise<void>((resolve) => void timers.after(ms, resolve)) : undefined;
  }

  /** Without a connection nobody takes turns. That fails no request, which will wait for the connection itself. */
  async #tried(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return false;
    }
  }

  #nowMs(): number {
    return this.#runtime.timers.monotonicMs();
  }
}
