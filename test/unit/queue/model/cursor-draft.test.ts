/** The edges of a draft that generated histories do not come to: when it is full, and older generations. */
import { describe, expect, it } from 'vitest';
import { CursorDraft } from '../../../../src/queue/model/cursor-draft.ts';
import { draftWithAllInView, longWorld, roomyCommit } from './histories/drafting-world.ts';

const claim = (max: number, lease = 1) => ({ max, lease, untilMs: 2_000, autoAck: false });

describe('a draft', () => {
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
});
