/**
 * Runs every command of the documentation that stands in a block of `sh`, and compares its output with the block that
 * follows. Each document has a broker of its own that nobody has used, all of them on one server.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { makeApiKey } from '../../src/access/api-key.ts';
import { type DescribedPrincipal, PrincipalsFile } from '../support/access-fixture.ts';
import { runCommands, shapeOf } from '../support/command-steps.ts';
import { commandSteps, documentPaths, fencedBlocks, readDocument } from '../support/documents.ts';
import { startLocalGateway } from '../support/local-gateway.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

/** What a document takes for granted, beside a gateway. */
interface Surroundings {
  /** Of the gateway. */
  readonly configuration?: Readonly<Record<string, string>>;
  /** Of the reader. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly remove?: () => Promise<void>;
}

const SURROUNDINGS: Readonly<Record<string, (document: string) => Promise<Surroundings>>> = {
  'docs/access.md': withPrincipals,
};

const documented = documentPaths()
  .map((path) => ({ path, text: readDocument(path) }))
  .map(({ path, text }) => ({ path, text, steps: commandSteps(text) }))
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
    async ({ path, text, steps }, { expect }) => {
      const { configuration, variables, remove } = (await SURROUNDINGS[path]?.(text)) ?? {};
      const gateway = await startLocalGateway(`${server.address}/${path.replaceAll(/\W/g, '-')}`, {
        ZOOGATE_LOG_LEVEL: 'silent',
        ...configuration,
      });
      try {
        await gateway.whenReady();
        const commands = steps.map(({ command }) => command.replaceAll('http://127.0.0.1:8080', gateway.url));
        const outputs = await runCommands(commands, variables);
        // With its command, so that a difference shows where it is.
        const shown = steps.map(({ command, output }) => ({ command, output: shapeOf(output) }));
        const printed = outputs.map((output, index) => ({
          command: steps[index]?.command,
          output: shapeOf(output),
        }));
        expect(printed).toEqual(shown);
      } finally {
        await gateway.close();
        await remove?.();
      }
    },
  );
});

/** The principals that the document shows, with keys that somebody has; and one key with all rights. */
async function withPrincipals(document: string): Promise<Surroundings> {
  const shown = fencedBlocks(document).find(({ text }) => text.startsWith('{\n  "principals"'))?.text ?? '';
  const { principals }: { principals: (DescribedPrincipal & { name: string; keyHashes: string[] })[] } =
    JSON.parse(shown);
  const file = await PrincipalsFile.create(
    Object.fromEntries(principals.map(({ name, keyHashes: _, ...described }) => [name, described])),
  );
  const { key, hash } = makeApiKey(randomBytes);
  return {
    configuration: { ZOOGATE_API_KEY_HASH: hash, ZOOGATE_PRINCIPALS_FILE: file.path },
    variables: { KEY: key, SHOP_KEY: file.keyOf('shop'), BILLING_KEY: file.keyOf('billing') },
    remove: () => file.remove(),
  };
}
