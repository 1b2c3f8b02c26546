/**
 * Two gateways' engines on one in-memory ensemble, and an empty queue `jobs`: what most tests of the engine begin with.
 * A file that calls `useTwoEngines` finds them made anew for each of its tests.
 */
import { afterEach, beforeEach } from 'vitest';
import { createQueue, type Engine, EngineCluster } from './engine-fixture.ts';

export let cluster: EngineCluster;
export let one: Engine;
export let two: Engine;

/** Registers the hooks of one test file. */
export function useTwoEngines(): void {
  beforeEach(async () => {
    cluster = new EngineCluster();
    one = await cluster.start();
    two = await cluster.start();
    await createQueue(one.broker);
  });
  afterEach(() => cluster.close());
}
