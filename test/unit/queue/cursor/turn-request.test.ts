/** How a starving gateway tells those who always win: with what their own writes' answers show, and one small node. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  askForTurn,
  parseTurnRequest,
  readTurnRequest,
  SeenTurnRequests,
} from '../../../../src/queue/cursor/turn-request.ts';
import { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import { MemoryStore } from '../../../support/memory-store.ts';
import { create, set } from '../../../support/write-builders.ts';

const CURSOR = '/cursor';
const NAME = '0-0000000000';
const PAGE = `${CURSOR}/${NAME}`;
const request = { writer: 'slow', commit: 7, turnMs: 40 };
let store: MemoryStore;

beforeEach(async () => {
  store = new MemoryStore(new MemoryEnsemble(() => 0));
  await store.commit([create(CURSOR), create(PAGE), set(PAGE, 'a page', -1)]);
});

describe('a request for a turn', () => {
  it('is told to who writes the page next, and leaves the page as it is', async () => {
    const seen = new SeenTurnRequests();
    seen.see(NAME, (await store.stat(PAGE))?.childChanges ?? 0);
    expect(seen.take()).toBe(false);
    const before = await store.stat(PAGE);
    for (const commit of [7, 8]) {
      expect(await askForTurn(store, CURSOR, NAME, { ...request, commit })).toBe(true);
      const written = await store.commit([set(PAGE, 'a page', -1)]);
      const [result] = written.applied ? written.results : [];
      if (result?.kind !== 'set') throw new Error('the page was written');
      seen.see(NAME, result.stat.childChanges);
      expect([seen.take(), seen.take()]).toEqual([true, false]);
      expect(await readTurnRequest(store, CURSOR)).toEqual({ ...request, commit });
    }
    // As gateways of the version before compare it, trim it, and list the cursor.
    const after = await store.stat(PAGE);
    expect([after?.childCount, after?.version]).toEqual([0, (before?.version ?? 0) + 2]);
    expect((await store.list(CURSOR))?.children.sort()).toEqual(['0-0000000000', 'turn']);
  });

  it('is not taken for somebody else’s by who has made it', async () => {
    const seen = new SeenTurnRequests();
    seen.see(NAME, (await store.stat(PAGE))?.childChanges ?? 0);
    await askForTurn(store, CURSOR, NAME, request);
    seen.noteOwn(NAME);
    seen.see(NAME, (await store.stat(PAGE))?.childChanges ?? 0);
    expect(seen.take()).toBe(false);
  });

  it('is not made at a page that is gone, and leaves nothing', async () => {
    expect(await askForTurn(store, CURSOR, '0-0000000001', request)).toBe(false);
    expect((await store.list(CURSOR))?.children).toEqual(['0-0000000000']);
    expect(await readTurnRequest(store, CURSOR)).toBeUndefined();
  });

  it.each(['', '[]', 'null', '{"writer":1,"commit":1,"turnMs":1}', '{"writer":"a","commit":1}'])(
    'that nobody can read is none: %s',
    (text) => {
      expect(parseTurnRequest(text)).toBeUndefined();
    },
  );

  it('has nobody wait for longer than the longest turn', () => {
    expect(parseTurnRequest('{"writer":"a","commit":1,"turnMs":1e9,"more":1}')?.turnMs).toBe(250);
  });
});
