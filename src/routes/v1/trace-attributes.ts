/**
 * Messages carry their publisher's trace context as attributes of the same names, so that a consumer can continue the
 * trace.
 *
 * Guarantees: a message that already has one of the two attributes keeps its own; no message is ever refused because
 * of what is added: where the context does not fit, it is left out.
 */
import { ATTRIBUTES_MAX, BrokerError, type NewMessage, type TraceContext } from '../../queue/index.ts';
import type { PublishLimits } from '../http/context.ts';
import { messageBytes, REQUEST_MESSAGE_BYTES_MAX } from './new-messages.ts';

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
    // Only the broker knows how much room a message takes in a write beside its size.
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
