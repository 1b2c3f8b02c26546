/** What was read and is watched: which firing of a watch says something new. */
import { describe, expect, it, vi } from 'vitest';
import { WatchedPart } from '../../../../src/queue/cursor/watched-part.ts';

function read(watching: boolean) {
  const onHint = vi.fn();
  const part = new WatchedPart(onHint);
  part.beginRead(watching);
  return { part, onHint };
}

describe('a watched part', () => {
  it('is stale before it has been read, and after a read that failed', () => {
    expect(new WatchedPart(() => {}).stale).toBe(true);
    const { part } = read(true);
    expect(part).toMatchObject({ stale: false, armed: true });
    part.failRead();
    expect(part).toMatchObject({ stale: true, armed: false });
  });

  it('is stale and unarmed once its watch has fired, also while the read is still under way', () => {
    const { part, onHint } = read(true);
    part.watch();
    expect(part).toMatchObject({ stale: true, armed: false });
    expect(onHint).toHaveBeenCalledExactlyOnceWith(true);
  });

  it('is not stale when its watch tells only of what this gateway wrote itself', () => {
    const { part, onHint } = read(true);
    part.noteOwnChange();
    part.watch();
    expect(part).toMatchObject({ stale: false, armed: false });
    expect(onHint).toHaveBeenCalledExactlyOnceWith(false);
  });

  it('counts its own change for one firing only', () => {
    const { part, onHint } = read(true);
    part.noteOwnChange();
    part.watch();
    part.beginRead(true);
    part.watch();
    expect(part.stale).toBe(true);
    expect(onHint).toHaveBeenLastCalledWith(true);
  });

  it('does not take a change of its own from before it was armed for the next one', () => {
    const { part } = read(false);
    part.noteOwnChange();
    part.beginRead(true);
    part.watch();
    expect(part.stale).toBe(true);
  });

  it('keeps its watch armed over a read that sets none', () => {
    const { part } = read(true);
    part.beginRead(false);
    expect(part.armed).toBe(true);
  });
});
