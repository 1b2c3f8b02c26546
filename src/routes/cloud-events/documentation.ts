/** What the OpenAPI document says of CloudEvents where messages are published and received. */
import { z } from 'zod';
import { EXAMPLE_RECEIPT } from '../responses.ts';
import { cloudEvent, cloudEventBatch, receivedCloudEventBatch } from '../schemas/cloud-events.ts';
import { EVENT, EVENT_BATCH } from './media-types.ts';

const EXAMPLE_EVENT = {
  specversion: '1.0',
  id: '4711',
  source: '/shop',
  type: 'com.example.order.created',
  time: '2030-01-31T12:00:00Z',
  datacontenttype: 'application/json',
  data: { order: 4711 },
};

const NAMES = {
  specversion: '`1.0`: the message is a CloudEvent in binary mode.',
  id: 'Together with ce-source it identifies the event.',
  source: 'A URI reference: where the event happened.',
  type: 'What kind of event it is.',
  subject: 'What the event is about, within its source.',
  time: 'An RFC 3339 instant: when it happened.',
  dataschema: 'A URI: what the data adheres to.',
  NAME: 'The extension attribute `name`, its value percent-encoded.',
} as const;

/** Of a request that publishes in binary mode. */
export const eventHeaders = Object.fromEntries(
  Object.entries(NAMES).map(([name, description]) => [
    `ce-${name}`,
    z.string().optional().meta({ description }),
  ]),
);

const BYTES = z.string().meta({ format: 'binary' });

/**
 * Generators of clients are undone by a list among the bodies of a request, and by several kinds of JSON among those
 * of one answer. So some of what has a media type of its own is told under the one that is for all others.
 */
export const eventRequestContent = {
  [EVENT]: { schema: cloudEvent, example: EXAMPLE_EVENT },
  '*/*': {
    schema: z.union([BYTES, cloudEventBatch]),
    examples: { [EVENT_BATCH]: { summary: `As ${EVENT_BATCH}`, value: [EXAMPLE_EVENT] } },
  },
};

/** Of an answer with the bytes of a message that was published as an event. */
export const eventResponseHeaders = Object.fromEntries(
  Object.entries(NAMES).map(([name, description]) => [
    `ce-${name}`,
    { description, schema: { type: 'string' as const } },
  ]),
);

const EXAMPLE_RECEIVED_EVENT = {
  ...EXAMPLE_EVENT,
  zoogateid: '0-42',
  zoogatereceipt: EXAMPLE_RECEIPT,
  zoogatedeliveries: 1,
  zoogatepublishedat: '2030-01-31T12:00:00.000Z',
  zoogateleaseexpires: '2030-01-31T12:00:30.000Z',
  zoogatefencingtoken: '4294967338',
};

/** Of an answer that is neither our JSON nor bytes without a type: those have the type that they were published with. */
export const eventResponseContent = {
  '*/*': {
    schema: z.union([BYTES, cloudEvent, receivedCloudEventBatch]),
    examples: {
      [EVENT]: { summary: `With Accept: ${EVENT}`, value: EXAMPLE_EVENT },
      [EVENT_BATCH]: { summary: `With Accept: ${EVENT_BATCH}`, value: [EXAMPLE_RECEIVED_EVENT] },
    },
  },
};
