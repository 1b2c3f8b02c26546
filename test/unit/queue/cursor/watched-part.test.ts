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

  it('is not stale when its watch tells of what this gateway writes itself, which it does before the answer', () => {
    const { part, onHint } = read(true);
    part.beginOwnWrite();
    part.watch();
    expect(onHint).not.toHaveBeenCalled();
    part.endOwnWrite(true);
    expect(part).toMatchObject({ stale: false, armed: false });
    expect(onHint).toHaveBeenCalledExactlyOnceWith(false);
  });

  it('is stale when its watch told of something while a write was under way that came to nothing', () => {
    const { part, onHint } = read(true);
    part.beginOwnWrite();
    part.watch();
    part.endOwnWrite(false);
    expect(part).toMatchObject({ stale: true, armed: false });
    expect(onHint).toHaveBeenCalledExactlyOnceWith(true);
  });

  it('waits for all writes under way, one of which may have been what its watch told of', () => {
    const { part, onHint } = read(true);
    part.beginOwnWrite();
    part.beginOwnWrite();
    part.watch();
    part.endOwnWrite(true);
    expect(onHint).not.toHaveBeenCalled();
    part.endOwnWrite(false);
    expect(onHint).toHaveBeenCalledExactlyOnceWith(false);
  });

  it('is stale when its watch fires after a write of its own, or has none under way', () => {
    const { part, onHint } = read(true);
    part.beginOwnWrite();
    part.endOwnWrite(true);
    expect(onHint).not.toHaveBeenCalled();
    part.endOwnWrite(true);
    part.watch();
    expect(part.stale).toBe(true);
    expect(onHint).toHaveBeenCalledExactlyOnceWith(true);
  });

  it('keeps its watch armed over a read that sets none', () => {
    const { part } = read(true);
    part.beginRead(false);
    expect(part.armed).toBe(true);
  });
});
