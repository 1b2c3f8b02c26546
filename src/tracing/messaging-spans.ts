/**
 * What spans say, by OpenTelemetry's semantic conventions for messaging. All are of the kind CLIENT, since the context
 * that travels with a message is that of its publisher, and not of the span here. Pure.
 */
import type { Attributes, Link } from '@opentelemetry/api';
import { defaultTextMapGetter, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import type { SubscriptionRef, TopicRef, TraceContext } from '../queue/index.ts';

/** As many as a span keeps unless it is told otherwise. */
const LINKS_MAX = 128;

const propagator = new W3CTraceContextPropagator();

export type OperationType = 'send' | 'receive' | 'settle';

/** What is known before it is done. */
export function operationAttributes(
  name: string,
  type: OperationType,
  place?: TopicRef | SubscriptionRef,
): Attributes {
  return {
    'messaging.system': 'zoogate',
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    ...(place === undefined ? {} : { 'messaging.destination.name': place.name }),
    ...(place !== undefined && 'subscription' in place
      ? { 'messaging.destination.subscription.name': place.subscription }
      : {}),
  };
}

/** Which message it was, or how many. */
export function messagesAttributes(
  messages: readonly { readonly id: string }[],
  bodies: readonly { readonly body: Buffer }[],
): Attributes {
  const [only] = messages;
  if (only === undefined || messages.length > 1) return { 'messaging.batch.message_count': messages.length };
  return {
    'messaging.message.id': only.id,
    ...(bodies[0] === undefined ? {} : { 'messaging.message.body.size': bodies[0].body.length }),
  };
}

/** Where a client's own span is the parent. */
export function contextOf(traceContext: TraceContext | undefined) {
  return traceContext === undefined
    ? ROOT_CONTEXT
    : propagator.extract(ROOT_CONTEXT, traceContext, defaultTextMapGetter);
}

/** To the contexts that messages carry, as their publishers gave them. */
export function linksTo(
  messages: readonly { readonly id?: string; readonly attributes: Readonly<Record<string, string>> }[],
): Link[] {
  const links: Link[] = [];
  for (const { id, attributes } of messages) {
    if (links.length >= LINKS_MAX) break;
    if (!Object.hasOwn(attributes, 'traceparent')) continue;
    const context = trace.getSpanContext(propagator.extract(ROOT_CONTEXT, attributes, defaultTextMapGetter));
    if (context === undefined) continue;
    links.push({ context, ...(id === undefined ? {} : { attributes: { 'messaging.message.id': id } }) });
  }
  return links;
}
