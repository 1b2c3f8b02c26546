/** Publishing: messages as a client gives them become messages as they are stored, and durations instants of one clock. */

import type { OutgoingMessage } from '../log/append-plan.ts';
import { hashId } from '../log/recent-ids.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { BrokerError } from '../model/errors.ts';
import type { NewMessage, PublishedMessage, StorageConfig, TopicRef } from '../model/vocabulary.ts';
import { countPublished } from '../runtime/counts.ts';
import type { Engine } from '../topics/engine.ts';

/** The farthest that a message may be scheduled ahead, with a little grace for the way of the request. */
const AHEAD_MS_MAX = 30 * 86_400_000 + 60_000;

/** Stores all messages in one atomic write, or none. @returns their ids, in order. Throws BrokerError */
export function publish(
  engine: Engine,
  target: TopicRef,
  messages: readonly NewMessage[],
  signal: CallSignal,
): Promise<PublishedMessage[]> {
  return engine.directory.use(target, async (open) => {
    const outgoing = outgoingMessages(messages, open.topic.storage, engine.runtime.store.now());
    const published = await open.appender.append(outgoing, signal);
    countPublished(open.counts, published);
    return published;
  });
}

/** Throws BrokerError 'validation' for what the configuration does not allow. */
export function outgoingMessages(
  messages: readonly NewMessage[],
  config: StorageConfig,
  nowMs: number,
): OutgoingMessage[] {
  return messages.map((message, index) => outgoing(message, index, config, nowMs));
}

function outgoing(message: NewMessage, index: number, config: StorageConfig, nowMs: number): OutgoingMessage {
  const { delaySeconds = config.delaySeconds, deliverAtMs, dedupId, expiresInSeconds } = message;
  if (message.priority >= config.priorities) {
    throw invalid(index, 'priority', `must be below ${config.priorities}, the number of priorities here`);
  }
  const dueMs = deliverAtMs ?? nowMs + delaySeconds * 1000;
  if (dueMs > nowMs + AHEAD_MS_MAX) throw invalid(index, 'deliverAt', 'must be at most 30 days ahead');
  const stored =
    expiresInSeconds === undefined
      ? message
      : { ...message, expiresAtMs: Math.round(nowMs + expiresInSeconds * 1000) };
  if (dueMs <= nowMs && dedupId === undefined) return { message: stored };
  return {
    message: stored,
    ...(dueMs <= nowMs ? undefined : { dueMs: Math.ceil(dueMs) }),
    ...(dedupId === undefined ? undefined : { dedup: hashId(dedupId) }),
  };
}

function invalid(index: number, field: string, message: string): BrokerError {
  const path = `messages.${index}.${field}`;
  return new BrokerError('validation', `${path} ${message}.`, { errors: [{ path, message }] });
}
