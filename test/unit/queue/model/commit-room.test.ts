/** The room in a commit: what is gathered leaves some, and what cannot be divided may fill it. */
import { describe, expect, it } from 'vitest';
import { CommitRoom } from '../../../../src/queue/model/commit-room.ts';

const limits = { bytesMax: 1_000_000, bytesPerWrite: 50 };
const newRoom = (isGathered = true) => new CommitRoom(limits, isGathered);

describe('pages', () => {
  it('are taken until half is used: one too many waits, the first never does', () => {
    const room = newRoom();
    expect(room.fitsPage('0/0', 11_000)).toBe(true);
    room.addPage('0/0', 11_000, 0);
    expect(room.isUsed).toBe(true);
    expect(room.fitsPage('0/0', 11_000)).toBe(true);
    expect(room.fitsPage('0/1', 1)).toBe(false);
  });

  it('are limited in number, unless they go together or not at all', () => {
    const [gathered, whole] = [newRoom(), newRoom(false)];
    for (let page = 0; page < 64; page += 1)
      for (const room of [gathered, whole]) room.addPage(`0/${page}`, 1, 1);
    expect(gathered.fitsPage('0/64', 1)).toBe(false);
    expect(whole.fitsPage('0/64', 1)).toBe(true);
  });
});

describe('a message that moves', () => {
  it('may fill the commit, and then the next one waits', () => {
    const room = newRoom();
    expect(room.takeMoved('0/0', 100, 925_000)).toBe('taken');
    expect(room.takeMoved('0/0', 100, 10)).toBe('later');
  });

  it('waits when others were there before, and never goes when its page leaves it no room at all', () => {
    const room = newRoom();
    room.addPage('0/1', 1_500, 0);
    expect(room.takeMoved('0/0', 100, 950_000)).toBe('later');
    expect(newRoom().takeMoved('0/0', 4_000, 925_000)).toBe('never');
    // As many runs as a page of these segments may have.
    expect(new CommitRoom({ ...limits, bytesMax: 1_047_551 }).takeMoved('0/0', 2_023, 925_000)).toBe('taken');
  });

  it('shares a quarter with others like it', () => {
    const room = newRoom();
    let taken = 0;
    while (room.takeMoved('0/0', 1, 10_000) === 'taken') taken += 1;
    expect(taken).toBeGreaterThan(20);
    expect(taken).toBeLessThanOrEqual(25);
  });
});
