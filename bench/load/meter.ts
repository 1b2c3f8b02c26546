/** Counts what happens and how long it takes, during the measured time and at no other. */
import { type LatencyKind, type LatencySummary, type LoadResult, latencyKinds } from '../job.ts';
import { percentile } from '../page/statistics.ts';

export class Meter {
  /** Over the whole run, for those who keep what is under way within bounds. */
  published = 0;
  received = 0;
  acked = 0;
  readonly #latencies = new Map<LatencyKind, number[]>(latencyKinds.map((kind) => [kind, []]));
  readonly #receivedAt: number[];
  #isRunning = false;
  #startMs = 0;
  #seconds = 0;
  #cpu = process.cpuUsage();
  #cpuSeconds = 0;
  #before = { published: 0, received: 0, acked: 0 };
  #after = { published: 0, received: 0, acked: 0 };

  constructor(addresses: number) {
    this.#receivedAt = Array.from({ length: addresses }, () => 0);
  }

  start(): void {
    this.#isRunning = true;
    this.#startMs = performance.now();
    this.#cpu = process.cpuUsage();
    this.#before = this.#totals();
  }

  stop(): void {
    this.#isRunning = false;
    this.#seconds = (performance.now() - this.#startMs) / 1000;
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpuSeconds = (user + system) / 1e6;
    this.#after = this.#totals();
  }

  /** Of something that took from then to now. */
  took(kind: LatencyKind, sinceMs: number): void {
    if (this.#isRunning) this.#latencies.get(kind)?.push(performance.now() - sinceMs);
  }

  countReceived(address: number, count: number): void {
    this.received += count;
    if (this.#isRunning) this.#receivedAt[address] = (this.#receivedAt[address] ?? 0) + count;
  }

  result(): LoadResult {
    const { published, received, acked } = this.#after;
    return {
      seconds: this.#seconds,
      published: published - this.#before.published,
      received: received - this.#before.received,
      acked: acked - this.#before.acked,
      latencies: Object.fromEntries(
        [...this.#latencies].filter(([, all]) => all.length > 0).map(([kind, all]) => [kind, summary(all)]),
      ),
      receivedAt: this.#receivedAt,
      cpuSeconds: this.#cpuSeconds,
    };
  }

  #totals() {
    return { published: this.published, received: this.received, acked: this.acked };
  }
}

function summary(values: number[]): LatencySummary {
  const sorted = Float64Array.from(values).sort();
  return { count: sorted.length, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
}
