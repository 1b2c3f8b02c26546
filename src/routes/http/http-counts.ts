/**
 * What has been asked over HTTP so far, as plain numbers that only grow: by route, never by address, so that there are
 * no more of them than the API has operations and ways to end.
 */
import { Distribution } from '../../queue/index.ts';
import type { ProblemCode } from './problems.ts';

/** In seconds: publishing takes milliseconds, a long poll up to a minute. */
const DURATION_BOUNDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 20, 60];

export class RouteCounts {
  readonly method: string;
  /** As in OpenAPI: `/v1/queues/{queue}`. */
  readonly path: string;
  /** Durations by the status of the answer. */
  readonly byStatus = new Map<number, Distribution>();
  /** Requests whose clients went away before they had their answers. */
  abandoned = 0;

  constructor(method: string, path: string) {
    this.method = method;
    this.path = path;
  }

  /** A request was answered. */
  note(status: number, durationMs: number): void {
    let durations = this.byStatus.get(status);
    if (durations === undefined) {
      durations = new Distribution(DURATION_BOUNDS);
      this.byStatus.set(status, durations);
    }
    durations.add(durationMs / 1000);
  }
}

export class HttpCounts {
  /** Whatever leads nowhere, by whichever method. */
  readonly unknown = new RouteCounts('any', 'unknown');
  readonly routes: RouteCounts[] = [this.unknown];
  /** Answers that were a problem, by its code. */
  readonly problems = new Map<ProblemCode, number>();

  /** Has a route's counts among the others. */
  follow(route: RouteCounts): void {
    this.routes.push(route);
  }

  noteProblem(code: ProblemCode): void {
    this.problems.set(code, (this.problems.get(code) ?? 0) + 1);
  }
}
