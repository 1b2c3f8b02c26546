/** Stored messages on their way to another place: everything they have stays, but for what the move changes. */
import type { EntryMessage, Moved, PackableMessage } from '../model/entry.ts';

/** @param change what the move changes; undefined fields are dropped */
export function packable(
  message: EntryMessage,
  change: { deadLetter?: Moved['deadLetter']; onlyFor?: string | undefined; expires?: false } = {},
): PackableMessage {
  const deadLetter = 'deadLetter' in change ? change.deadLetter : message.deadLetter;
  const onlyFor = 'onlyFor' in change ? change.onlyFor : message.onlyFor;
  return {
    body: message.body,
    bodyKind: message.bodyKind,
    contentType: message.contentType,
    attributes: message.attributes,
    priority: message.priority,
    ...(message.group === undefined ? {} : { group: message.group }),
    ...(message.expiresAtMs === undefined || change.expires === false
      ? {}
      : { expiresAtMs: message.expiresAtMs }),
    moved: {
      id: message.id,
      publishedAtMs: message.publishedAtMs,
      ...(deadLetter === undefined ? {} : { deadLetter }),
      ...(onlyFor === undefined ? {} : { onlyFor }),
      ...(message.scheduledBy === undefined ? {} : { scheduledBy: message.scheduledBy }),
    },
  };
}
