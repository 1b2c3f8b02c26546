/**
 * What every `Store` must do, as one suite: run over the real ensemble and over its in-memory twin, so that the
 * twin can stand in for the ensemble in the engine's tests.
 */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANY_VERSION, type CommitResult, type Store, type Write } from '../../src/queue/zookeeper/store.ts';
import { packetBytesMax } from '../../src/queue/zookeeper/writes.ts';
import { watchConformance } from './watch-conformance.ts';
import { append, check, create, fresh, remove, set } from './write-builders.ts';

export interface OpenStore {
  readonly store: Store;
  close(): Promise<void>;
}

function createdPaths(result: CommitResult): string[] {
  if (!result.applied) throw new Error(`not applied: ${result.reason}`);
  return result.results.flatMap((each) => (each.kind === 'create' ? [each.path] : []));
}

/** Registers the suite. `open` gives a connected store on an empty chroot. */
export function storeConformance(name: string, open: () => Promise<OpenStore>): void {
  describe(name, () => {
    let opened: OpenStore;
    let store: Store;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
      await store.commit([create('/a', 'first')]);
    });
    afterEach(() => opened.close());

    describe('reading', () => {
      it('a node that is missing is undefined to read, stat and list', async () => {
        expect(await store.read('/missing')).toBeUndefined();
        expect(await store.stat('/missing')).toBeUndefined();
        expect(await store.list('/missing')).toBeUndefined();
      });

      it('a created node has its data, version 0 and no children', async () => {
        const node = await store.read('/a');
        expect(node?.data.toString()).toBe('first');
        expect(node?.stat).toMatchObject({ version: 0, childChanges: 0, childCount: 0 });
        expect(await store.stat('/a')).toEqual(node?.stat);
        expect(await store.list('/a')).toEqual({ children: [], stat: node?.stat });
      });

      it('empty data is an empty buffer', async () => {
        await store.commit([create('/empty')]);
        expect((await store.read('/empty'))?.data).toEqual(Buffer.alloc(0));
      });

      it('the children are the names that were created and not deleted', async () => {
        await store.commit([create('/a/x'), create('/a/y'), create('/a/x/deep')]);
        await store.commit([remove('/a/y')]);
        const listing = await store.list('/a');
        expect(listing?.children).toEqual(['x']);
        expect(listing?.stat.childCount).toBe(1);
      });

      it('the children are what they were when a commit that adds and removes some fails', async () => {
        await store.commit([create('/a/x')]);
        const before = await store.list('/a');
        const writes = [create('/a/y'), remove('/a/x'), create('/a/z'), create('/a')];
        expect(await store.commit(writes)).toMatchObject({ applied: false, index: 3, reason: 'exists' });
        expect(await store.list('/a')).toEqual(before);
      });

      it('a buffer that was read may be changed by its reader', async () => {
        const read = await store.read('/a');
        read?.data.fill('x');
        expect((await store.read('/a'))?.data.toString()).toBe('first');
      });
    });

    describe('stat', () => {
      it('a change raises the version by one and the transaction number, not the time of creation', async () => {
        const before = await store.stat('/a');
        await store.commit([set('/a', 'second', ANY_VERSION)]);
        const after = await store.stat('/a');
        expect(after?.version).toBe(1);
        expect((after?.mzxid ?? 0n) > (before?.mzxid ?? 0n)).toBe(true);
        expect(after?.ctimeMs).toBe(before?.ctimeMs);
        expect(after?.mtimeMs).toBeGreaterThanOrEqual(before?.mtimeMs ?? 0);
      });

      it('child changes count creations and deletions, and leave the version of the parent alone', async () => {
        await store.commit([create('/a/x'), create('/a/y')]);
        await store.commit([remove('/a/x')]);
        expect(await store.stat('/a')).toMatchObject({ childChanges: 3, childCount: 1, version: 0 });
      });

      it('all operations of one commit share a transaction number', async () => {
        await store.commit([create('/p'), create('/q'), set('/a', 'x', ANY_VERSION)]);
        const stats = await Promise.all([store.stat('/p'), store.stat('/q'), store.stat('/a')]);
        expect(new Set(stats.map((stat) => stat?.mzxid)).size).toBe(1);
      });

      it('a set answers with the stat that a read then shows', async () => {
        const result = await store.commit([set('/a', 'x', ANY_VERSION)]);
        const [first] = result.applied ? result.results : [];
        expect(first).toEqual({ kind: 'set', stat: await store.stat('/a') });
      });
    });

    describe('commit', () => {
      it('a node created and set in one commit is at version 1', async () => {
        await store.commit(fresh('/fresh', 'value'));
        const node = await store.read('/fresh');
        expect(node?.data.toString()).toBe('value');
        expect(node?.stat.version).toBe(1);
      });

      it('operations see those before them in the same commit', async () => {
        const result = await store.commit([
          ...fresh('/fresh'),
          check('/fresh', 1),
          create('/fresh/child'),
          remove('/fresh/child'),
          remove('/fresh', 1),
        ]);
        expect(result.applied).toBe(true);
        expect(await store.stat('/fresh')).toBeUndefined();
      });

      it('answers each operation in order', async () => {
        const result = await store.commit([...fresh('/n'), check('/a', ANY_VERSION), remove('/a')]);
        const kinds = result.applied && result.results.map((each) => each.kind);
        expect(kinds).toEqual(['create', 'set', 'check', 'delete']);
      });

      it('changes nothing when one operation fails, and says which and why', async () => {
        await store.commit([...fresh('/page', 'one'), create('/a/child')]);
        const cases: [Write, string][] = [
          [check('/page', 7), 'version'],
          [set('/page', 'two', 7), 'version'],
          [remove('/page', 7), 'version'],
          [check('/missing', ANY_VERSION), 'missing'],
          [set('/missing', 'x', 1), 'missing'],
          [remove('/missing'), 'missing'],
          [create('/missing/child'), 'missing'],
          [create('/page'), 'exists'],
          [remove('/a'), 'not-empty'],
        ];
        for (const [culprit, reason] of cases) {
          const result = await store.commit([create('/trace'), culprit, set('/page', 'late', ANY_VERSION)]);
          expect(result, `${culprit.kind} ${reason}`).toEqual({ applied: false, index: 1, reason });
        }
        expect(await store.stat('/trace')).toBeUndefined();
        expect((await store.read('/page'))?.data.toString()).toBe('one');
      });

      it('counts a conflict', async () => {
        await store.commit([create('/a')]);
        expect(store.counters.conflicts).toBe(1);
      });

      it('of two writers who saw the same version, one wins', async () => {
        await store.commit(fresh('/page'));
        const results = await Promise.all([
          store.commit([set('/page', 'one', 1)]),
          store.commit([set('/page', 'two', 1)]),
        ]);
        expect(results.map((each) => each.applied)).toEqual([true, false]);
        expect((await store.read('/page'))?.data.toString()).toBe('one');
      });

      it('requests take effect in the order of the calls, whether awaited or not', async () => {
        await store.commit(fresh('/page'));
        const results = [1, 2, 3, 4].map((version) => store.commit([set('/page', `v${version}`, version)]));
        const read = store.read('/page');
        expect((await Promise.all(results)).map((each) => each.applied)).toEqual([true, true, true, true]);
        expect((await read)?.stat.version).toBe(5);
      });

      it('refuses version 0 before it is sent', async () => {
        for (const write of [check('/a', 0), set('/a', 'x', 0), remove('/a', 0)]) {
          await expect(store.commit([write])).rejects.toThrow(/version 0/);
        }
        expect((await store.read('/a'))?.data.toString()).toBe('first');
      });

      it('refuses no operations, paths that are not canonical, and too many bytes', async () => {
        await expect(store.commit([])).rejects.toThrow(/at least one/);
        for (const path of ['a', '/a/', '//a', '/a/../b', '']) {
          await expect(store.commit([create(path)]), path).rejects.toThrow(/path/);
        }
        const data = Buffer.alloc(packetBytesMax);
        await expect(store.commit([{ kind: 'create', path: '/big', data }])).rejects.toThrow(/limit/);
        expect((await store.list('/'))?.children).not.toContain('big');
      });

      it('accepts almost as many bytes as it may', async () => {
        const data = Buffer.alloc(packetBytesMax - 200, 'x');
        await store.commit([{ kind: 'create', path: '/big', data }]);
        expect((await store.read('/big'))?.data.equals(data)).toBe(true);
      });
    });

    describe('sequence numbers', () => {
      it('are dense from 0 under one parent, whatever the name', async () => {
        const one = await store.commit([append('/a/e-'), append('/a/f-')]);
        const two = await store.commit([append('/a/e-')]);
        expect(createdPaths(one)).toEqual(['/a/e-0000000000', '/a/f-0000000001']);
        expect(createdPaths(two)).toEqual(['/a/e-0000000002']);
      });

      it('are not affected by deletions', async () => {
        await store.commit([append('/a/e-'), append('/a/e-')]);
        await store.commit([remove('/a/e-0000000001')]);
        expect(createdPaths(await store.commit([append('/a/e-')]))).toEqual(['/a/e-0000000002']);
      });

      it('are not affected by commits that failed', async () => {
        await store.commit([append('/a/e-'), append('/a/e-'), check('/missing', ANY_VERSION)]);
        await store.commit([check('/missing', ANY_VERSION), append('/a/e-')]);
        expect(createdPaths(await store.commit([append('/a/e-')]))).toEqual(['/a/e-0000000000']);
      });

      it('count children with plain names too', async () => {
        await store.commit([create('/a/plain')]);
        expect(createdPaths(await store.commit([append('/a/e-')]))).toEqual(['/a/e-0000000001']);
      });

      it('are given in the order of the calls', async () => {
        const results = await Promise.all([1, 2, 3].map(() => store.commit([append('/a/e-')])));
        const sequences = results.flatMap(createdPaths).map((path) => Number(path.slice(-10)));
        expect(sequences).toEqual([0, 1, 2]);
      });
    });

    watchConformance(() => store);

    describe('the rest', () => {
      it('is connected, and says so', async () => {
        expect(store.state).toBe('connected');
        await store.whenConnected(new AbortController().signal);
      });

      it('a wait for the connection ends with the reason of its signal', async () => {
        const reason = new Error('enough');
        await expect(store.whenConnected(AbortSignal.abort(reason))).rejects.toBe(reason);
      });

      it('a barrier costs one write, shared by those who wait for the same one', async () => {
        const before = store.counters.writes;
        await store.barrier();
        expect(store.counters.writes).toBe(before + 1);
        await Promise.all(Array.from({ length: 20 }, () => store.barrier()));
        expect(store.counters.writes).toBeLessThanOrEqual(before + 3);
      });

      it('a call whose signal was aborted before is not sent', async () => {
        const signal = AbortSignal.abort();
        await expect(store.commit([create('/b')], { signal })).rejects.toMatchObject({ kind: 'unavailable' });
        await expect(store.read('/a', { signal })).rejects.toMatchObject({ kind: 'unavailable' });
        await expect(store.barrier({ signal })).rejects.toMatchObject({ kind: 'unavailable' });
        await store.barrier();
        expect(await store.stat('/b')).toBeUndefined();
      });

      it('the clock is the leader’s: not before what it stamped, not ahead of what it stamps next', async () => {
        await store.barrier();
        const result = await store.commit([set('/a', 'x', ANY_VERSION)]);
        const [first] = result.applied ? result.results : [];
        const stamped = first?.kind === 'set' ? first.stat.mtimeMs : Number.NaN;
        const now = store.now();
        expect(now).toBeGreaterThanOrEqual(stamped);
        await store.commit([set('/a', 'y', ANY_VERSION)]);
        expect((await store.stat('/a'))?.mtimeMs).toBeGreaterThanOrEqual(Math.floor(now));
      });

      it('counts reads, writes and bytes', async () => {
        const before = { ...store.counters };
        await store.read('/a');
        await store.list('/a');
        await store.commit([set('/a', 'x'.repeat(500), ANY_VERSION)]);
        expect(store.counters.reads).toBe(before.reads + 2);
        expect(store.counters.writes).toBe(before.writes + 1);
        expect(store.counters.bytesWritten).toBeGreaterThanOrEqual(before.bytesWritten + 500);
      });
    });
  });
}
