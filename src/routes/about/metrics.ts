/**
 * What this gateway has counted, for Prometheus.
 */

import type { RouteContext } from '../http/context.ts';
import { noParams, noQuery } from '../http/no-fields.ts';
import { type Operation, operation } from '../http/operation.ts';
import { noBody } from '../http/request-bodies.ts';

/** GET /metrics */
export function metrics({ metricsText }: RouteContext): Operation {
  return operation({
    method: 'GET',
    path: '/metrics',
    id: 'metrics',
    tag: 'Operation',
    summary: 'What this gateway has counted, for Prometheus',
    description:
      'Of this gateway alone, in the text format of Prometheus: add up over all of them (but take the largest of the depths, which each of them reads from the ensemble). docs/metrics.md explains each metric.',
    access: { kind: 'metrics' },
    params: noParams,
    query: noQuery,
    body: noBody(),
    isLimited: false,
    responses: {
      200: {
        description: 'The metrics.',
        content: {
          'text/plain': {
            schema: { type: 'string' },
            example: '# TYPE zoogate_receives_waiting gauge\nzoogate_receives_waiting 12\n',
          },
        },
      },
    },
    problems: [],
    produces: ['text/plain'],
    async handle() {
      return {
        status: 200,
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        payload: await metricsText(),
      };
    },
  });
}
