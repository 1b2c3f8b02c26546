/**
 * Runs every command of the documentation that stands in a block of `sh`, and compares its output with the block that
 * follows. Each document has a broker of its own that nobody has used, all of them on one server.
 */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { runCommands, shapeOf } from '../support/command-steps.ts';
import { commandSteps, documentPaths, readDocument } from '../support/documents.ts';
import { startLocalGateway } from '../support/local-gateway.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

const documented = documentPaths()
  .map((path) => ({ path, steps: commandSteps(readDocument(path)) }))
  .filter(({ steps }) => steps.length > 0);

let server: ZooKeeperServer;

beforeAll(async () => {
  server = await startZooKeeper();
});
afterAll(() => server?.stop());

describe('the commands of', { timeout: 90_000 }, () => {
  // They wait more than they work.
  test.concurrent.for(documented)(
    '$path give the output that it shows',
    async ({ path, steps }, { expect }) => {
      const chroot = path.replaceAll(/\W/g, '-');
      const gateway = await startLocalGateway(`${server.address}/${chroot}`, { ZOOGATE_LOG_LEVEL: 'silent' });
      try {
        await gateway.whenReady();
        const commands = steps.map(({ command }) => command.replaceAll('http://127.0.0.1:8080', gateway.url));
        const outputs = await runCommands(commands);
        // With its command, so that a difference shows where it is.
        const shown = steps.map(({ command, output }) => ({ command, output: shapeOf(output) }));
        expect(
          outputs.map((output, index) => ({ command: steps[index]?.command, output: shapeOf(output) })),
        ).toEqual(shown);
      } finally {
        await gateway.close();
      }
    },
  );
});
