/**
 * Where a message stands in a topic: the priority level's log, the segment in it, and the message's offset from the
 * segment's start. Entries are immutable and sequence numbers dense, so an offset never changes its meaning.
 */
export interface Position {
  readonly level: number;
  readonly segment: number;
  readonly offset: number;
}

/** A place in one level's log. */
export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
}

export const LOG_START: LogPosition = { segment: 0, offset: 0 };
