/** stub */
import type { BenchPlan, BenchResult } from '../bench-run.ts';
export async function writePage(
  _plan: BenchPlan,
  result: BenchResult,
  report: (line: string) => void,
): Promise<void> {
  report(`${result.measurements.length} measurements, ${result.failures.length} failures`);
}
