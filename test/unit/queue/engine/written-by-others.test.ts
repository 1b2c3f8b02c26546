/** A tree as each earlier version wrote it: this one reads all of it, keeps what was promised, and goes on. */
import { readdirSync } from 'node:fs';
import { afterEach, describe, it } from 'vitest';
import { buildApp } from '../../../../src/app.ts';
import { createBroker } from '../../../../src/queue/broker.ts';
import { systemRandom, systemTimers } from '../../../../src/queue/runtime/system-runtime.ts';
import { LOOPBACK_RULES } from '../../../../src/routes/http/authenticator.ts';
import { asker } from '../../../support/every-use.ts';
import {
  DELAYED_SECONDS,
  expectAllArrives,
  expectAsSaid,
  expectPromisesKept,
  HELD_SECONDS,
} from '../../../support/fixture-use.ts';
import { MemoryEnsemble } from '../../../support/memory-ensemble.ts';
import { MemoryStore } from '../../../support/memory-store.ts';
import { silentLogger } from '../../../support/test-store.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { fixtures, layOutInTwin, readTree, type WrittenTree } from '../../../support/written-tree.ts';

let ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(ends.map((end) => end()));
  ends = [];
});

/** A gateway on the tree, at the time when it was written. */
async function goOn(tree: WrittenTree) {
  const startMs = Date.now();
  let advancedMs = 0;
  const ensemble = new MemoryEnsemble(() => tree.takenAtMs + Date.now() - startMs + advancedMs);
  layOutInTwin(ensemble, tree);
  const broker = createBroker({
    ...{ store: new MemoryStore(ensemble), timers: systemTimers, random: systemRandom, logger: silentLogger },
    ...{ requestTimeoutMs: 10_000, entryCacheBytesMax: 16 * 1024 * 1024 },
  });
  const app = buildApp({ broker, access: LOOPBACK_RULES });
  ends.push(async () => {
    broker.drain();
    app.server.closeAllConnections();
    await app.close();
    await broker.close();
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await waitUntil(() => broker.ready, 'it is ready');
  const advance = (seconds: number) => {
    advancedMs += seconds * 1000;
  };
  return { url, ensemble, advance };
}

describe.each(readdirSync(fixtures))('%s', (file) => {
  const tree = readTree(file);

  it('is read as it was written', async () => {
    const { url } = await goOn(tree);
    await expectAsSaid(url, tree);
  });

  it('is used further: receipts, repeats, dedupIds, delays, dead letters, and nothing is left in the end', async () => {
    const { url, ensemble, advance } = await goOn(tree);
    await expectPromisesKept(url, tree);
    advance(Math.max(DELAYED_SECONDS, HELD_SECONDS));
    await expectAllArrives(url, tree, [tree.said.held.id]);
    const entries = () =>
      ensemble.paths.filter((path) =>
        /^\/data\/[^/]+\/(?:log\/\d\/\d+|scheduled\/\d+\/\d+\/\d+)\/./.test(path),
      );
    const names = Object.keys(tree.said.resources);
    for (const path of names) {
      const isTopic = /^\/topics\/[^/]+$/.test(path);
      if (isTopic) await asker(url)('DELETE', path);
    }
    // What is tiny stays in open segments.
    await waitUntil(() => entries().length < 2 * names.length, 'what is acked is trimmed');
    const queues = names.filter((path) => path.startsWith('/queues/') && path !== '/queues/dead');
    for (const path of [...queues, '/queues/dead']) await asker(url)('DELETE', path);
    await waitUntil(() => !ensemble.paths.some((path) => /^\/data\/./.test(path)), 'all is removed');
    await waitUntil(() => ensemble.children('/trash')?.length === 0, 'nothing is left in the trash');
  });
});
