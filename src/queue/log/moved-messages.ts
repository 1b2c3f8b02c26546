/** Stored messages on their way to another place: everything they have stays, but for what the move changes. */
import type { EntryMessage, Moved, PackableMessage } from '../model/entry.ts';

/**
 * The mark of a schedule means something only in the log of the schedule's own topic: whoever moves a message elsewhere
 * drops it, or the target would compare it with a purge of its own.
 *
 * @param change what the move changes; undefined fields are dropped. `scheduledBy` is, unless it is given
 */
export function packable(
  message: EntryMessage,
  change: {
    deadLetter?: Moved['deadLetter'];
    onlyFor?: string | undefined;
    scheduledBy?: number | undefined;
    expires?: false;
  } = {},
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
      ...(change.scheduledBy === undefined ? {} : { scheduledBy: change.scheduledBy }),
    },
  };
}
