/**
 * CloudEvents 1.0 as JSON: what is asked of those that are published, and what those that are received look like.
 */
import { z } from 'zod';
import { instantMs } from '../../http/instants.ts';
import { fencingToken, instantOut } from './answers.ts';
import { list } from './lists.ts';
import { base64 } from './messages.ts';
import { receipt } from './scalars.ts';

const present = z.string().min(1);

/** The characters of RFC 3986; what they mean is the sender's business. */
const uriReference = z
  .string()
  .regex(
    /^(?:[A-Za-z0-9._~:/?#[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+$/,
    'must be a URI reference (RFC 3986), not empty',
  );

const attributes = {
  specversion: z.literal('1.0'),
  id: present.meta({ description: 'Together with the source it identifies the event.' }),
  source: uriReference.meta({ description: 'A URI reference: where the event happened.' }),
  type: present.meta({ description: 'What kind of event it is.' }),
  datacontenttype: present.nullish().meta({ description: 'The media type of the data.' }),
  dataschema: uriReference.nullish(),
  subject: present.nullish(),
  time: z
    .string()
    .refine((text) => instantMs(text) !== undefined, 'must be an RFC 3339 instant')
    .meta({ format: 'date-time' })
    .nullish()
    .meta({ description: 'An RFC 3339 instant.' }),
};

/** What an event says besides its data. Further attributes are extensions. */
export const eventContext = z.looseObject(attributes);

const event = z.looseObject({
  ...attributes,
  data: z
    .unknown()
    .optional()
    .meta({ description: 'The data: as JSON, or as a string if it is other text.' }),
  data_base64: base64.nullish().meta({ description: 'The data, when it is neither JSON nor text.' }),
});

export const cloudEvent = event
  .refine(
    (value) => (value.data ?? undefined) === undefined || (value.data_base64 ?? undefined) === undefined,
    { path: ['data'], message: 'cannot be combined with data_base64' },
  )
  .meta({
    id: 'CloudEvent',
    outputId: 'CloudEvent',
    description: 'An event in the JSON format of CloudEvents 1.0. Further members are extension attributes.',
  });

/** Bounded by the number of messages (413), which is looked at first. */
export const cloudEventBatch = list(cloudEvent, {
  min: 1,
  id: 'CloudEventBatch',
  description: '1 to 1000 events.',
});

/** Extension attributes that belong to a delivery; their names begin with `DELIVERY_PREFIX`. */
export const DELIVERY_PREFIX = 'zoogate';

export const receivedCloudEventBatch = z
  .array(
    event
      .extend({
        zoogateid: z.string().meta({ description: 'The id of the message.' }),
        zoogatereceipt: receipt,
        zoogatedeliveries: z.int().min(1).meta({ description: '1 on the first delivery.', format: 'int64' }),
        zoogatepublishedat: instantOut,
        zoogateleaseexpires: instantOut,
        zoogatefencingtoken: fencingToken,
      })
      .meta({
        id: 'ReceivedCloudEvent',
        outputId: 'ReceivedCloudEvent',
        description: 'An event, with its delivery in extension attributes.',
      }),
  )
  .meta({ id: 'ReceivedCloudEventBatch' });
