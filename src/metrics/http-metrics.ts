/** What has been asked over HTTP, and what the requests hold at the moment. */
import { budgetMetrics } from './budget-metrics.ts';
import { counter, histogram, type Metric } from './metric.ts';
import type { HttpVitals } from './sources.ts';

export function httpMetrics({ counts, load }: HttpVitals): Metric[] {
  return [
    histogram(
      'zoogate_http_request_duration_seconds',
      'Time from a request to the end of its answer, by route, method and status; long polls and streams wait',
      ['method', 'route', 'status'],
      function* () {
        for (const { method, path, byStatus } of counts.routes) {
          for (const [status, distribution] of byStatus)
            yield { labels: { method, route: path, status }, distribution };
        }
      },
    ),
    counter(
      'zoogate_http_problems_total',
      'Answers that were a problem, by its code',
      ['code'],
      function* () {
        for (const [code, value] of counts.problems) yield { labels: { code }, value };
      },
    ),
    counter(
      'zoogate_http_requests_abandoned_total',
      'Requests whose client went away before it had its answer',
      ['method', 'route'],
      function* () {
        for (const { method, path, byStatus, abandoned } of counts.routes) {
          const isUsed = byStatus.size > 0 || abandoned > 0;
          if (isUsed) yield { labels: { method, route: path }, value: abandoned };
        }
      },
    ),
    ...budgetMetrics('zoogate_http_requests_in_progress', 'Requests without an answer', () => load.requests),
    ...budgetMetrics(
      'zoogate_http_request_body_bytes',
      'Bodies of requests that are held in memory',
      () => load.requestBytes,
    ),
    ...budgetMetrics(
      'zoogate_http_answer_bytes',
      'Large answers that clients have not taken yet',
      () => load.answerBytes,
    ),
  ];
}
