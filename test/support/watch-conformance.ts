/** The part of the conformance suite that is about watches. */

import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ANY_VERSION, type Store, type Write } from '../../src/queue/zookeeper/store.ts';
import { check, create, remove, set } from './write-builders.ts';

/** Registers the tests. The store has a node `/a`. */
export function watchConformance(current: () => Store): void {
  describe('watches', () => {
    let store: Store;
    beforeEach(() => {
      store = current();
    });

    const seen = (watch: { mock: { calls: unknown[] } }, times: number) =>
      vi.waitFor(() => expect(watch.mock.calls.length).toBe(times), { timeout: 5_000, interval: 5 });

    /** An event would have arrived before the answer to a write that follows it. */
    const settled = async () => {
      await store.barrier();
      await new Promise((resolve) => setImmediate(resolve));
    };

    it('on data fires once when the node changes, and not again', async () => {
      const watch = vi.fn();
      await store.read('/a', { watch });
      await store.commit([set('/a', 'x', ANY_VERSION)]);
      await seen(watch, 1);
      await store.commit([set('/a', 'y', ANY_VERSION)]);
      await settled();
      expect(watch).toHaveBeenCalledTimes(1);
    });

    it('on data fires when the node is deleted', async () => {
      const watch = vi.fn();
      await store.read('/a', { watch });
      await store.commit([remove('/a')]);
      await seen(watch, 1);
    });

    it('on data does not fire for children, on children not for data', async () => {
      const data = vi.fn();
      const children = vi.fn();
      await store.read('/a', { watch: data });
      await store.commit([create('/a/x')]);
      await store.list('/a', { watch: children });
      await settled();
      expect(data).not.toHaveBeenCalled();
      await store.commit([set('/a', 'x', ANY_VERSION)]);
      await seen(data, 1);
      await settled();
      expect(children).not.toHaveBeenCalled();
    });

    it('on data of a missing node is not set', async () => {
      const watch = vi.fn();
      await store.read('/later', { watch });
      await store.commit([create('/later')]);
      await store.commit([set('/later', 'x', ANY_VERSION)]);
      await settled();
      expect(watch).not.toHaveBeenCalled();
    });

    it('on children fires once for a creation, for a deletion, and for the end of the node', async () => {
      const changes: Write[] = [create('/a/x'), remove('/a/x'), remove('/a')];
      for (const change of changes) {
        const watch = vi.fn();
        await store.list('/a', { watch });
        await store.commit([change]);
        await seen(watch, 1);
      }
    });

    it('on children of a missing node is not set', async () => {
      const watch = vi.fn();
      await store.list('/later', { watch });
      await store.commit([create('/later'), create('/later/x')]);
      await settled();
      expect(watch).not.toHaveBeenCalled();
    });

    it('does not fire for a commit that failed', async () => {
      const watch = vi.fn();
      await store.read('/a', { watch });
      await store.commit([set('/a', 'x', ANY_VERSION), check('/missing', ANY_VERSION)]);
      await settled();
      expect(watch).not.toHaveBeenCalled();
    });

    it('set twice with the same function fires once, with two functions fires both', async () => {
      const one = vi.fn();
      const two = vi.fn();
      await Promise.all([one, one, two].map((watch) => store.read('/a', { watch })));
      await store.commit([set('/a', 'x', ANY_VERSION)]);
      await seen(one, 1);
      await seen(two, 1);
      await settled();
      expect(one).toHaveBeenCalledTimes(1);
    });

    it('is told before the answer of the write that fires it, and behind that of the read that set it', async () => {
      const told: string[] = [];
      for (let round = 0; round < 20; round += 1) {
        const watch = () => told.push('watch');
        const read = store.read('/a', { watch }).then(() => told.push('read'));
        // All in flight at once, so that their answers may come in one piece.
        const list = store.list('/a', { watch }).then(() => told.push('list'));
        const write = store.commit([set('/a', 'x', ANY_VERSION)]).then(() => told.push('write'));
        await Promise.all([read, list, write]);
        await store.commit([create('/a/x'), remove('/a/x')]);
        told.push('second write');
      }
      const each = ['read', 'list', 'watch', 'write', 'watch', 'second write'];
      expect(told).toEqual(Array.from({ length: 20 }, () => each).flat());
    });

    it('set again after it fired fires again', async () => {
      const watch = vi.fn();
      for (const times of [1, 2]) {
        await store.read('/a', { watch });
        await store.commit([set('/a', `${times}`, ANY_VERSION)]);
        await seen(watch, times);
      }
    });
  });
}
