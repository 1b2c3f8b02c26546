/**
 * A broker with a span for each verb that concerns messages: publish, receive, settle, transact. All else is passed on
 * as it is. The span's parent is the request's own trace context, if it has one.
 */
import { type Attributes, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { type Broker, BrokerError, type Call, type NewMessage } from '../queue/index.ts';
import { contextOf, linksTo, messagesAttributes, operationAttributes } from './messaging-spans.ts';

type TracedVerbs = Pick<Broker, 'publish' | 'receive' | 'settle' | 'transact'>;

export function tracedBroker(broker: Broker, tracer: Tracer): Broker {
  const inSpan = async <Result>(
    name: string,
    attributes: Attributes,
    call: Call,
    work: (span: Span) => Promise<Result>,
  ): Promise<Result> => {
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, contextOf(call.traceContext));
    try {
      return await work(span);
    } catch (error) {
      noteFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  };

  const verbs: TracedVerbs = {
    publish: (target, messages, call) =>
      inSpan(`publish ${target.name}`, operationAttributes('publish', 'send', target), call, async (span) => {
        // Those that only carry the request's own context are its children already.
        if (span.isRecording())
          span.addLinks(linksTo(messages.filter((message) => isForeign(message, call))));
        const published = await broker.publish(target, messages, call);
        if (span.isRecording()) span.setAttributes(messagesAttributes(published, messages));
        return published;
      }),

    receive: (source, request, call) =>
      inSpan(
        `receive ${source.name}`,
        operationAttributes('receive', 'receive', source),
        call,
        async (span) => {
          const result = await broker.receive(source, request, call);
          if (span.isRecording()) {
            span.setAttributes(messagesAttributes(result.messages, result.messages));
            span.addLinks(linksTo(result.messages));
            if (request.ack !== undefined) span.setAttribute('zoogate.receipt_count', request.ack.length);
          }
          return result;
        },
      ),

    settle: (source, action, receipts, call) =>
      inSpan(
        `${action.kind} ${source.name}`,
        operationAttributes(action.kind, 'settle', source),
        call,
        async (span) => {
          const outcomes = await broker.settle(source, action, receipts, call);
          if (span.isRecording()) {
            if (receipts.length !== 1) span.setAttribute('messaging.batch.message_count', receipts.length);
            const lost = outcomes.filter(({ outcome }) => outcome === 'lost').length;
            if (lost > 0) span.setAttribute('zoogate.lost_count', lost);
          }
          return outcomes;
        },
      ),

    transact: (request, call) => {
      const type = request.publishes.length > 0 ? 'send' : 'settle';
      return inSpan('transact', operationAttributes('transact', type), call, async (span) => {
        const result = await broker.transact(request, call);
        if (span.isRecording()) {
          const published = result.publishes.flatMap(({ messages }) => messages);
          const sent = request.publishes.flatMap(({ messages }) => messages);
          span.setAttributes(messagesAttributes(published, sent));
          const receipts = request.acks.reduce((sum, ack) => sum + ack.receipts.length, 0);
          span.setAttribute('zoogate.receipt_count', receipts);
        }
        return result;
      });
    },
  };

  return new Proxy(broker, {
    get(target, name) {
      if (Object.hasOwn(verbs, name)) return verbs[name as keyof TracedVerbs];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function isForeign({ attributes }: NewMessage, { traceContext }: Call): boolean {
  return attributes.traceparent !== traceContext?.traceparent;
}

/** The detail of a failure may name what belongs to users; its code does not. */
function noteFailure(span: Span, error: unknown): void {
  const type = error instanceof BrokerError ? error.code : 'internal';
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}
