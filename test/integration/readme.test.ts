/** Runs the README's tour as it stands, against a live gateway, and compares what comes out with what it shows. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { readReadme, tourSteps } from '../support/readme.ts';
import { startZooKeeper, type ZooKeeperServer } from '../support/zookeeper-server.ts';

let server: ZooKeeperServer;
let gateway: GatewayProcess;

beforeAll(async () => {
  server = await startZooKeeper();
  gateway = await GatewayProcess.start({ zooKeeper: `${server.address}/readme` });
});

afterAll(async () => {
  await gateway?.kill();
  await server?.stop();
});

const separator = '--- next step ---';

test('the tour of the README gives the output that it shows', async () => {
  const steps = tourSteps(readReadme());
  expect(steps.length).toBeGreaterThan(8);
  // One shell for all of them: later steps use what earlier ones kept.
  const script = steps
    .map(({ command }) => command.replaceAll('http://127.0.0.1:8080', gateway.url))
    .join(`\necho\necho '${separator}'\n`);
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script]);
  const outputs = stdout.split(separator).map((text) => text.trim());
  expect(outputs.map(shape)).toEqual(steps.map(({ output = '' }) => shape(output)));
});

/** The text without what differs from run to run, and without the layout of JSON. */
function shape(text: string): unknown {
  const varying: [RegExp, string][] = [
    [/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"<instant>"'],
    [/("(?:id|receipt|fencingToken)": ?)"[^"]+"/g, '$1"<varying>"'],
    [/("oldestMessageAgeSeconds": ?)[\d.]+/g, '$1"<seconds>"'],
  ];
  const steady = varying.reduce(
    (result, [pattern, placeholder]) => result.replaceAll(pattern, placeholder),
    text,
  );
  try {
    return JSON.parse(steady);
  } catch {
    return steady;
  }
}
