/**
 * What a draft is made from: the cursor of a subscription and its log, as far as they are known here. Undefined always
 * means "not known here": the draft notes it as missing, and whoever made the draft loads it and makes another one.
 */
import type { DeliveryPolicy } from './delivery-policy.ts';
import type { EntryMessage } from './entry.ts';
import type { Page } from './page.ts';
import type { LogPosition } from './position.ts';

export interface CursorView {
  readonly generation: number;
  readonly policy: DeliveryPolicy;
  /** Priority levels with a log, the one to be served first at the front. */
  readonly levels: readonly number[];
  start(level: number): LogPosition;
  /** Segments that may hold work, both inclusive; `last` below `first` for an empty log. */
  bounds(level: number): { readonly first: number; readonly last: number };
  /** 'finished' when the segment is done with, or gone. */
  page(level: number, segment: number): Page | 'finished' | undefined;
  /** Every page on which something has happened, wherever it is. */
  pages(): readonly { readonly level: number; readonly segment: number; readonly page: Page }[];
  /** Number of messages in the segment. */
  end(level: number, segment: number): number | undefined;
  /** The entry that holds the offset. */
  entryAt(level: number, segment: number, offset: number): ViewedEntry | undefined;
}

export interface ViewedEntry {
  /** Offset of its first message, and the one behind its last. */
  readonly start: number;
  readonly end: number;
  /** Bytes of all its bodies. */
  readonly bytes: number;
  /** Undefined when the entry has yet to be read. */
  readonly messages: readonly EntryMessage[] | undefined;
  /** The group of each message ('' for none); one text when all are of one group. Outlives `messages` in memory. */
  readonly groups: string | readonly string[] | undefined;
}

export type Missing =
  | { readonly kind: 'segment'; readonly level: number; readonly segment: number }
  | { readonly kind: 'page'; readonly level: number; readonly segment: number }
  | { readonly kind: 'entry'; readonly level: number; readonly segment: number; readonly offset: number };

/** The group at an offset of the entry, '' for none; undefined when that is not known. */
export function groupAt(entry: ViewedEntry, offset: number): string | undefined {
  if (entry.groups === undefined) return undefined;
  return typeof entry.groups === 'string' ? entry.groups : entry.groups[offset - entry.start];
}
