/**
 * Any message as a CloudEvent in the JSON format: one that was published in structured mode as it was, one of binary
 * mode with its attributes and data in one object, and every other as an event about the message.
 *
 * Works on texts, as data must keep its digits, keys and order.
 */
import type { ReceivedMessage } from '../../../queue/index.ts';
import { instantText } from '../../http/instants.ts';
import { memberSpans } from '../../http/json-bodies.ts';
import { mediaTypeOf } from '../../http/media-types.ts';
import { cloudEvent, DELIVERY_PREFIX, eventContext } from '../schemas/cloud-events.ts';
import { contextOfAttributes } from './binary-mode.ts';
import { declaresJson, EVENT } from './media-types.ts';

/** The type of events that were not published as such. */
export const MESSAGE_TYPE = 'zoogate.message';

const BYTES = 'application/octet-stream';

/**
 * The event as its JSON text.
 *
 * @param place the path of the queue or topic: the source of events that do not bring their own
 */
export function eventText(message: ReceivedMessage, place: string): string {
  return structured(message)?.toString() ?? `{${membersOf(message, place).join(',')}}`;
}

/** A batch of events, each with its delivery in extension attributes. */
export function eventBatchText(messages: readonly ReceivedMessage[], place: string): string {
  const events = messages.map((message) => {
    const body = structured(message);
    const members = body === undefined ? membersOf(message, place) : membersWithoutDelivery(body);
    return `{${[...members, ...deliveryMembers(message)].join(',')}}`;
  });
  return `[${events.join(',')}]`;
}

/** The body, when it is an event in itself. */
function structured({ body, bodyKind, contentType }: ReceivedMessage): Buffer | undefined {
  if (bodyKind !== 'json' || mediaTypeOf(contentType) !== EVENT) return undefined;
  return cloudEvent.safeParse(JSON.parse(body.toString())).success ? body : undefined;
}

/** Who passes on an event that came in a batch passes on what was said of that delivery, too. */
function membersWithoutDelivery(body: Buffer): string[] {
  return memberSpans(body)
    .filter(({ name }) => !name.startsWith(DELIVERY_PREFIX))
    .map(({ start, end }) => body.toString('utf8', start, end));
}

function deliveryMembers(message: ReceivedMessage): string[] {
  return [
    member('zoogateid', message.id),
    member('zoogatereceipt', message.receipt),
    member('zoogatedeliveries', message.deliveries),
    member('zoogatepublishedat', instantText(message.publishedAtMs)),
    member('zoogateleaseexpires', instantText(message.leaseExpiresAtMs)),
    member('zoogatefencingtoken', message.fencingToken),
  ];
}

function membersOf(message: ReceivedMessage, place: string): string[] {
  const context = contextOfAttributes(message.attributes) ?? contextOfMessage(message, place);
  return [...Object.entries(context).map(([name, value]) => member(name, value)), ...dataMembers(message)];
}

/** The message is what has happened. */
function contextOfMessage({ id, attributes, publishedAtMs }: ReceivedMessage, place: string) {
  const extensions = Object.entries(attributes).filter(([name, value]) => isExtension(name, value));
  return {
    specversion: '1.0',
    id,
    source: place,
    type: MESSAGE_TYPE,
    time: instantText(publishedAtMs),
    ...Object.fromEntries(extensions),
  };
}

/** Whether an attribute of a message can be one of an event; what cannot is left out. */
function isExtension(name: string, value: string): boolean {
  const isFree = !Object.hasOwn(eventContext.shape, name) && name !== 'data';
  return isFree && /^[a-z0-9]+$/.test(name) && !name.startsWith(DELIVERY_PREFIX) && !/\p{Cc}/u.test(value);
}

function dataMembers({ body, bodyKind, contentType }: ReceivedMessage): string[] {
  if (body.length === 0) return contentType === BYTES ? [] : [member('datacontenttype', contentType)];
  return [member('datacontenttype', contentType), dataMember(body, bodyKind, contentType)];
}

function dataMember(body: Buffer, bodyKind: ReceivedMessage['bodyKind'], contentType: string): string {
  if (bodyKind === 'json') return `"data":${body.toString()}`;
  const isString = bodyKind === 'text' && !declaresJson(mediaTypeOf(contentType));
  return isString ? member('data', body.toString()) : member('data_base64', body.toString('base64'));
}

function member(name: string, value: string | number): string {
  return `${JSON.stringify(name)}:${JSON.stringify(value)}`;
}
