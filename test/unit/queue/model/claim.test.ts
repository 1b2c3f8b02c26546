/** The edges of claiming that generated histories do not come to: its limits, what it asks for, what it drops. */
import { describe, expect, it } from 'vitest';
import { Claiming } from '../../../../src/queue/model/claim.ts';
import { CursorDraft } from '../../../../src/queue/model/cursor-draft.ts';
import {
  DraftingWorld,
  draftWithAllInView,
  longWorld,
  roomyCommit,
  worldMessage,
} from './histories/drafting-world.ts';

const claim = (max: number, lease = 1) => ({ max, lease, untilMs: 2_000, autoAck: false });

describe('a claim', () => {
  it('asks for no more than what it must see first, however long the log is', () => {
    const draft = new CursorDraft(longWorld(50), 1_000, roomyCommit());
    expect(new Claiming(draft).claim(claim(10))).toEqual([]);
    expect(draft.missing.length).toBeLessThanOrEqual(3);
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

  it('ends before a message that its sender cannot be given', () => {
    const world = new DraftingWorld();
    world.append(
      0,
      ['a', 'b', 'c'].map((id) => worldMessage(id)),
    );
    let ids: string[] = [];
    draftWithAllInView(world, (_each, claiming) => {
      const isDeliverable = ({ id }: { readonly id: string }) => id !== 'b';
      ids = claiming.claim({ ...claim(10), isDeliverable }).map(({ message }) => message.id);
    });
    expect(ids).toEqual(['a']);
  });

  it('takes only what it selects, up to where it has enough', () => {
    const world = new DraftingWorld();
    world.append(
      0,
      ['a', 'b', 'c', 'd'].map((id) => worldMessage(id)),
    );
    let ids: string[] = [];
    draftWithAllInView(world, (_each, claiming) => {
      const select = ({ id }: { readonly id: string }) => (id === 'c' ? 'enough' : id !== 'a');
      ids = claiming.claim({ ...claim(10), select }).map(({ message }) => message.id);
    });
    expect(ids).toEqual(['b']);
  });
});
