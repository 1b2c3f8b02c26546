/** What the OpenAPI document says of CloudEvents where messages are published and received. */
import { z } from 'zod';
import { RFC_3339 } from '../../http/instants.ts';
import { cloudEvent, cloudEventBatch, receivedCloudEventBatch } from '../schemas/cloud-events.ts';
import { EXAMPLE_RECEIPT } from '../schemas/examples.ts';
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

const TEXT = { type: 'string', pattern: '^[!-~](?:[ -~]*[!-~])?$' } as const;
const URI_REFERENCE = { ...TEXT, format: 'uri-reference' } as const;

/** As in binary mode. Values beyond printable ASCII are percent-encoded. */
const HEADERS = [
  {
    name: 'specversion',
    schema: { type: 'string', enum: ['1.0'] },
    description:
      'The message is a CloudEvent in binary mode; ce-id, ce-source and ce-type are then required.',
  },
  { name: 'id', schema: TEXT, description: 'Together with ce-source it identifies the event.' },
  { name: 'source', schema: URI_REFERENCE, description: 'Where the event happened.' },
  { name: 'type', schema: TEXT, description: 'What kind of event it is.' },
  { name: 'subject', schema: TEXT, description: 'What the event is about, within its source.' },
  {
    name: 'time',
    schema: { type: 'string', pattern: RFC_3339.source },
    description: 'When it happened: an RFC 3339 instant.',
  },
  { name: 'dataschema', schema: URI_REFERENCE, description: 'What the data adheres to.' },
  { name: 'NAME', schema: TEXT, description: 'The extension attribute `name`.' },
] as const;

/** Of a request that publishes in binary mode. */
export const eventHeaders = Object.fromEntries(
  HEADERS.map(({ name, schema, description }) => [
    `ce-${name}`,
    z.string().optional().meta({ description, override: schema }),
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
  HEADERS.map(({ name, schema, description }) => [`ce-${name}`, { description, schema: { ...schema } }]),
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
