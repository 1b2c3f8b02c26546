/** A limited amount of something, as two gauges: how much is in use, and how much may be. */
import type { Budget } from '../queue/index.ts';
import { gauge, type Metric, only } from './metric.ts';

/** @param name ends in `_bytes` when that is what is limited */
export function budgetMetrics(
  name: string,
  help: string,
  budget: () => Pick<Budget, 'used' | 'max'>,
): Metric[] {
  return [
    gauge(name, help, [], () => only(budget().used)),
    gauge(limitName(name), `The limit of ${name}`, [], () => only(budget().max)),
  ];
}

/** The unit stays last. */
export function limitName(name: string): string {
  return name.endsWith('_bytes') ? name.replace(/_bytes$/, '_limit_bytes') : `${name}_limit`;
}
