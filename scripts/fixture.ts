/**
 * `npm run fixture -- --commit COMMIT`: writes `test/fixtures/tree-<commit>.json.gz`, the tree as that version writes it.
 * It is built from this repository's history, and runs on a real ZooKeeper server.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { useInEveryWay } from '../test/support/every-use.ts';
import { GatewayProcess } from '../test/support/gateway-process.ts';
import { openTestStore } from '../test/support/test-store.ts';
import { encodeTree, fixtures, nodesOf } from '../test/support/written-tree.ts';
import { startZooKeeper } from '../test/support/zookeeper-server.ts';
import { buildEarlierVersion } from './earlier-version.mjs';

/** The tree stands still for so long when the gateway has nothing more to do. */
const restMs = 1_000;

const { values } = parseArgs({ options: { commit: { type: 'string' } } });
if (values.commit === undefined) throw new Error('npm run fixture -- --commit COMMIT');
const { commit, directory } = buildEarlierVersion(values.commit, console.log);
const server = await startZooKeeper();
const store = await openTestStore(`${server.address}/written`);
const gateway = await GatewayProcess.start({ zooKeeper: `${server.address}/written`, directory });
try {
  const said = await useInEveryWay(gateway.url, atRest);
  await gateway.stop();
  const nodes = await nodesOf(store);
  const takenAtMs = Math.max(...nodes.map(({ mtimeMs }) => mtimeMs));
  const file = join(fixtures, `tree-${commit.slice(0, 7)}.json.gz`);
  mkdirSync(fixtures, { recursive: true });
  const data = encodeTree({ commit, takenAtMs, said, nodes });
  writeFileSync(file, data);
  console.log(`${file}: ${nodes.length} nodes, ${data.length} bytes`);
} finally {
  await gateway.kill();
  await store.close();
  await server.stop();
}

async function atRest(): Promise<void> {
  const state = async () => {
    const nodes = await nodesOf(store).catch(() => []);
    return JSON.stringify(nodes.filter(({ path }) => path !== '/clock'));
  };
  for (let before = await state(); ; ) {
    await sleep(restMs);
    const now = await state();
    if (now === before && now !== '[]') return;
    before = now;
  }
}
