import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDeployed } from '../../support/deployment-files.ts';

const root = join(import.meta.dirname, '../../..');
const text = readDeployed('docs/deployment.md');

test('the messages that docs/deployment.md explains are those that are logged', () => {
  const sources = readdirSync(join(root, 'src/queue/zookeeper'))
    .map((name) => readDeployed(`src/queue/zookeeper/${name}`))
    .join('\n');
  const [, table = ''] = text.split('| in the log | means |\n|---|---|\n');
  const messages = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, message = '']) =>
    message.replace(' …', ''),
  );
  expect(messages.length).toBeGreaterThan(4);
  for (const message of messages) expect(sources).toContain(message);
});

test('a server of the tests has the settings that docs/deployment.md shows for TLS', () => {
  const [, properties = ''] = /```properties\n(.*?)```/s.exec(text) ?? [];
  const shown = [...properties.matchAll(/^([\w.]+)=/gm)].map(([, name = '']) => name);
  expect(shown.length).toBeGreaterThan(5);
  const used = readDeployed('test/support/secure-zookeeper.ts');
  for (const name of shown) expect(used).toContain(`${name}=`);
});
