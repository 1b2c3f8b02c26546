/**
 * A publisher's place in its trace, as W3C Trace Context has it: two request headers that travel with its messages as
 * attributes of the same names, so that a consumer can go on from there.
 *
 * Guarantees: without a valid `traceparent` header nothing is added to a message; a message that has one of the two
 * attributes keeps its own; and none is ever refused for what is added: where it does not fit, it is left out.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { BrokerError, type NewMessage, type TraceContext } from '../../queue/index.ts';
import { messageBytes, type PublishLimits, REQUEST_MESSAGE_BYTES_MAX } from '../v1/new-messages.ts';
import { ATTRIBUTES_MAX } from '../v1/schemas/messages.ts';

/** Version, trace, parent, flags, and what a later version may have behind these. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[!-~]*)?$/;
const TRACESTATE = /^[\t -~]+$/;
/** What everybody has to pass on; more may be dropped. */
const STATE_CHARS_MAX = 512;
const PARENT_CHARS_MAX = 256;

/** What the request says of its sender's trace; undefined when that is nothing, or not valid. */
export function traceContextOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  if (typeof traceparent !== 'string' || !isTraceparent(traceparent)) return undefined;
  const isState =
    typeof tracestate === 'string' && tracestate.length <= STATE_CHARS_MAX && TRACESTATE.test(tracestate);
  return isState ? { traceparent, tracestate } : { traceparent };
}

function isTraceparent(text: string): boolean {
  if (text.length > PARENT_CHARS_MAX) return false;
  const [, version, trace = '', parent = '', more] = TRACEPARENT.exec(text) ?? [];
  const isVersion = version !== undefined && version !== 'ff' && (version !== '00' || more === undefined);
  return isVersion && !isZero(trace) && !isZero(parent);
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}

/**
 * Publishes messages that carry the context, as many of them as have room for it.
 *
 * @param messages of one request, which have passed its limits
 * @param publish stores all or, throwing, nothing
 */
export async function carrying<Result>(
  context: TraceContext | undefined,
  messages: readonly (readonly NewMessage[])[],
  limits: PublishLimits,
  publish: (messages: readonly (readonly NewMessage[])[]) => Promise<Result>,
): Promise<Result> {
  if (context === undefined) return publish(messages);
  try {
    return await publish(withTraceContext(context, messages, limits));
  } catch (error) {
    // Of the room in one write that a message takes beside its size only the broker knows.
    if (!(error instanceof BrokerError) || error.code !== 'payload-too-large') throw error;
    return publish(messages);
  }
}

/** The messages with the context among their attributes. Pure. */
export function withTraceContext(
  context: TraceContext,
  messages: readonly (readonly NewMessage[])[],
  { maxMessageBytes }: PublishLimits,
): NewMessage[][] {
  const added = Object.entries(context);
  const addedBytes = added.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  let totalBytes = messages.flat().reduce((sum, message) => sum + messageBytes(message), 0);
  const carry = (message: NewMessage): NewMessage => {
    const { attributes } = message;
    const isRoom =
      Object.keys(attributes).length + added.length <= ATTRIBUTES_MAX &&
      messageBytes(message) + addedBytes <= maxMessageBytes &&
      totalBytes + addedBytes <= REQUEST_MESSAGE_BYTES_MAX;
    const hasOwn = Object.hasOwn(attributes, 'traceparent') || Object.hasOwn(attributes, 'tracestate');
    if (hasOwn || !isRoom) return message;
    totalBytes += addedBytes;
    return { ...message, attributes: { ...attributes, ...context } };
  };
  return messages.map((list) => list.map(carry));
}
