/** A short run of `npm run chaos`: the whole deployment under load, with the three faults that are met most often. */
import { expect, test } from 'vitest';
import { runChaos } from '../../chaos/chaos-run.ts';
import { faultTable } from '../../chaos/report.ts';
import { findNginx } from '../../scripts/nginx-installation.mjs';

const faults = ['leader-killed', 'gateway-killed', 'gateways-rolling'];
const limits = { timeout: 240_000 };
/** Other tests have the machine as well: nothing may fail because it was slow. */
const requestTimeoutMs = 20_000;

test.skipIf(findNginx() === undefined)(
  'when the leader and a gateway are killed and all gateways restarted, nothing is lost, doubled or refused in vain',
  limits,
  async () => {
    const report = () => {};
    const result = await runChaos({ seconds: 0, seed: 1, faults, requestTimeoutMs, report });
    console.log(`chaos:\n${faultTable(result.faults)}`, result.load, result.nginx);
    expect(result.violations).toEqual([]);
    expect(result.faults.map(({ name }) => name)).toEqual(faults);
    const { stored = 0, deliveries = 0 } = result.load.orders as { stored?: number; deliveries?: number };
    // So that it is not clean for having done nothing.
    expect(stored).toBeGreaterThan(100);
    expect(deliveries).toBeGreaterThanOrEqual(stored);
  },
);
