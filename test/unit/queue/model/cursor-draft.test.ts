/** The edges of a draft that generated histories do not come to: its limits, what it asks for, older generations. */
import { describe, expect, it } from 'vitest';
import { Claiming } from '../../../../src/queue/model/claim.ts';
import { CursorDraft } from '../../../../src/queue/model/cursor-draft.ts';
import { DraftingWorld, roomyCommit, worldMessage } from './drafting-world.ts';

const claim = (max: number, lease = 1) => ({ max, lease, untilMs: 2_000, autoAck: false });

function draftWithAllInView(
  world: DraftingWorld,
  act: (draft: CursorDraft, claiming: Claiming) => void,
): CursorDraft {
  for (;;) {
    const draft = new CursorDraft(world, 1_000, roomyCommit());
    act(draft, new Claiming(draft));
    if (draft.missing.length === 0) return draft;
    world.load(draft.missing);
  }
}

/** Segments of one message each. */
function longWorld(segments: number): DraftingWorld {
  const world = new DraftingWorld();
  for (let segment = 0; segment < segments; segment += 1) {
    world.append(0, [worldMessage(`m${segment}`)]);
    world.roll(0);
  }
  return world;
}

describe('a draft', () => {
  it('asks for no more than what it must see first, however long the log is', () => {
    const draft = new CursorDraft(longWorld(50), 1_000, roomyCommit());
    expect(new Claiming(draft).claim(claim(10))).toEqual([]);
    expect(draft.missing.length).toBeLessThanOrEqual(3);
  });

  it('writes a bounded number of pages, and says that it is full', () => {
    const world = longWorld(100);
    let claimed: readonly unknown[] = [];
    const draft = draftWithAllInView(world, (_each, claiming) => {
      claimed = claiming.claim(claim(1_000));
    });
    expect(claimed).toHaveLength(64);
    expect(draft.changed.size).toBe(64);
    expect(draft.full).toBe(true);
  });

  it('that is full puts settlements of other pages off, but not those of pages that it writes anyway', () => {
    const world = longWorld(100);
    const first = draftWithAllInView(world, (_each, claiming) => void claiming.claim(claim(1_000)));
    world.keep(first);
    const second = draftWithAllInView(world, (_each, claiming) => void claiming.claim(claim(1_000, 2)));
    world.keep(second);
    const receipt = (segment: number, lease: number) => ({
      generation: 3,
      level: 0,
      segment,
      offset: 0,
      lease,
    });
    const draft = draftWithAllInView(world, (each) => {
      for (let segment = 0; segment < 64; segment += 1) each.settle(receipt(segment, 1), { kind: 'ack' });
    });
    expect(draft.settle(receipt(64, 2), { kind: 'ack' })).toEqual({ kind: 'full' });
    expect(draft.settle(receipt(0, 1), { kind: 'ack' })).toEqual({ kind: 'unsure', as: 'ok' });
  });

  it('hands out a bounded number of bytes at a time, but at least one message', () => {
    const world = new DraftingWorld();
    const large = { ...worldMessage('large'), body: Buffer.alloc(5 * 1024 * 1024) };
    world.append(0, [large, large, large]);
    const given: number[] = [];
    draftWithAllInView(world, (_each, claiming) => {
      given.splice(0, given.length, claiming.claim(claim(10)).length, claiming.claim(claim(10, 2)).length);
    });
    expect(given).toEqual([1, 1]);
  });

  it.each(['ack', 'release'] as const)(
    'loses a receipt of another generation (%s), and asks for nothing',
    (kind) => {
      const draft = new CursorDraft(longWorld(1), 1_000, roomyCommit());
      for (const generation of [2, 4]) {
        const receipt = { generation, level: 0, segment: 0, offset: 0, lease: 1 };
        expect(draft.settle(receipt, { kind })).toEqual({ kind: 'unsure', as: 'lost' });
      }
      expect(draft.missing).toEqual([]);
      expect(draft.changed.size).toBe(0);
    },
  );

  it('serves the higher level first, and the lower one in the same claim', () => {
    const world = new DraftingWorld();
    world.append(0, [worldMessage('low')]);
    world.append(1, [worldMessage('high')]);
    let ids: string[] = [];
    draftWithAllInView(world, (_each, claiming) => {
      ids = claiming.claim(claim(2)).map(({ message }) => message.id);
    });
    expect(ids).toEqual(['high', 'low']);
  });

  it('counts what it drops because it has expired', () => {
    const world = new DraftingWorld();
    world.append(0, [worldMessage('old', 1_000), worldMessage('good', 1_001), worldMessage('older', 1)]);
    let ids: string[] = [];
    const draft = draftWithAllInView(world, (_each, claiming) => {
      ids = claiming.claim(claim(10)).map(({ message }) => message.id);
    });
    expect(ids).toEqual(['good']);
    expect(draft.expired).toBe(2);
  });
});
