/** CloudEvents over HTTP as the official SDK makes and reads them; the requests and answers in between are bare. */
import { CloudEvent, HTTP } from 'cloudevents';
import { type RawAnswer, send } from './raw-http.ts';

export const EVENT = 'application/cloudevents+json';
export const BATCH = 'application/cloudevents-batch+json';
export const BYTES = 'application/octet-stream';

/** An event with every attribute that there is, and an extension. */
export const order = new CloudEvent({
  id: '4711',
  source: '/shop/checkout',
  type: 'com.example.order.created',
  subject: 'orders/4711',
  time: '2030-01-31T12:00:00.000Z',
  dataschema: 'https://example.com/schemas/order',
  datacontenttype: 'application/json',
  partitionkey: 'customer-7',
  data: { order: 4711, lines: [{ sku: 'a', count: 2 }] },
});

/** A request as the SDK makes it. */
export type SentEvent = ReturnType<typeof HTTP.binary>;

export class EventClient {
  readonly #url: () => string;

  constructor(url: () => string) {
    this.#url = url;
  }

  /** Publishes to the queue or topic at the path. */
  post(path: string, { headers, body }: SentEvent, query = ''): Promise<RawAnswer> {
    const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
    return send(this.#url(), `${path}/messages${query}`, {
      headers: Object.fromEntries(fields),
      body: typeof body === 'string' ? body : Buffer.from(body as Uint8Array),
    });
  }

  receiveAs(accept: string, path: string, query = ''): Promise<RawAnswer> {
    return send(this.#url(), `${path}/messages/receive${query}`, { headers: { accept } });
  }
}

/** What the SDK makes of an answer. */
export function eventIn({ headers, text }: RawAnswer): unknown {
  return HTTP.toEvent({ headers, body: text });
}

/** The events of a batch, each found valid by the SDK. */
export function eventsIn({ text }: RawAnswer): CloudEvent<unknown>[] {
  return JSON.parse(text).map((event: object) => new CloudEvent(event));
}
