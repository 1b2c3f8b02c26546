/**
 * Seeking: a subscription starts anew from another place of its topic.
 */
import { z } from 'zod';
import type { SeekTarget } from '../../queue/index.ts';
import type { RouteContext } from '../http/context.ts';
import { INSTANT_CHARS_MAX, instantMs, RFC_3339 } from '../http/instants.ts';
import { noQuery } from '../http/no-fields.ts';
import { type Operation, operation } from '../http/operation.ts';
import { jsonBody } from '../http/request-bodies.ts';
import { emptyResponse } from '../http/responses.ts';
import { subscriptionMessages } from './subscriptions.ts';

const BODY_BYTES_MAX = 16 * 1024;

const seekRequest = z
  .strictObject({
    to: z
      .string()
      .max(INSTANT_CHARS_MAX)
      .refine(
        (text) => targetOf(text) !== undefined,
        'must be "earliest", "latest" or an RFC 3339 instant such as 2030-01-31T12:00:00Z',
      )
      .meta({
        pattern: `^(?:earliest|latest|${RFC_3339.source.slice(1, -1)})$`,
        examples: ['earliest', 'latest', '2030-01-31T12:00:00Z'],
        description:
          '`earliest`: the oldest message that the topic still has. `latest`: only what is published from now on. An RFC 3339 instant: everything that entered the topic from then on (a delayed message enters when it is due).',
      }),
  })
  .meta({ id: 'SeekRequest' });

function targetOf(text: string): SeekTarget | undefined {
  if (text === 'earliest' || text === 'latest') {
    return { kind: text };
  }
  const atMs = instantMs(text);
  return atMs === undefined ? undefined : { kind: 'instant', atMs };
}

/** POST /v1/topics/{topic}/subscriptions/{subscription}/seek */
export function seek({ broker }: RouteContext): Operation {
  return operation({
    method: 'POST',
    path: `${subscriptionMessages.path}/seek`,
    id: 'seekSubscription',
    managementAction: 'seek',
    tag: subscriptionMessages.tag,
    summary: 'Replay or skip messages',
    description:
      'The subscription starts anew from another place: messages that were acked come again if the topic still has them (see retentionSeconds and retentionBytes), with deliveries from 1. All older receipts are `lost`.',
    access: { kind: 'right', right: 'manage', nameOf: subscriptionMessages.nameOf },
    params: subscriptionMessages.params,
    query: noQuery,
    body: jsonBody(seekRequest, {
      limitBytes: BODY_BYTES_MAX,
      description: 'Where to.',
      example: { to: '2030-01-31T12:00:00Z' },
    }),
    responses: { 204: emptyResponse('The next receive begins there.') },
    problems: ['not-found', 'store-full'],
    produces: [],
    async handle({ params, body: { to }, call }) {
      const target = targetOf(to);
      if (target === undefined) {
        throw new Error('a checked seek leads nowhere');
      }
      await broker.seek(subscriptionMessages.refOf(params), target, call);
      return { status: 204 };
    },
  });
}
