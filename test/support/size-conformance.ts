/** What every `StoreMeter` must tell of the store it belongs to, run over the real ensemble and its in-memory twin. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANY_VERSION, type Store, type StoreMeter } from '../../src/queue/zookeeper/store.ts';
import { check, create, remove, set } from './write-builders.ts';

export interface OpenMeteredStore {
  readonly store: Store & StoreMeter;
  close(): Promise<void>;
}

/** Registers the suite. `open` gives a connected store on an empty chroot. */
export function sizeConformance(name: string, open: () => Promise<OpenMeteredStore>): void {
  describe(name, () => {
    let opened: OpenMeteredStore;
    let store: Store & StoreMeter;

    beforeEach(async () => {
      opened = await open();
      store = opened.store;
    });
    afterEach(() => opened.close());

    it('counts nodes and bytes of data, whatever was done to them in whatever commits', async () => {
      const before = await store.size();
      await store.commit([create('/b', 'x'.repeat(100)), create('/b/c', 'y'.repeat(1000))]);
      const filled = await store.size();
      expect(filled).toEqual({ nodes: before.nodes + 2, dataBytes: before.dataBytes + 1100 });
      await store.commit([remove('/b/c'), set('/b', 'xyz', ANY_VERSION), set('/b', '', ANY_VERSION)]);
      expect(await store.size()).toEqual({ nodes: before.nodes + 1, dataBytes: before.dataBytes });
    });

    it('does not count what was not applied', async () => {
      const before = await store.size();
      await store.commit([create('/b', 'x'.repeat(100)), check('/b', 7)]);
      expect(await store.size()).toEqual(before);
    });

    it('counts what was there before anybody asked', async () => {
      await store.commit([create('/b', 'x'.repeat(5_000))]);
      expect((await store.size()).dataBytes).toBeGreaterThanOrEqual(5_000);
    });
  });
}
