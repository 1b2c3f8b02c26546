/** A cursor page with what is known of the node that holds it. */
import type { Page } from '../model/page.ts';
import type { WatchedPart } from './watched-part.ts';

/** In the place of a version: the page does not exist yet. */
export const ABSENT = -1;

/** Of the node that holds a page. */
export interface PageStat {
  readonly version: number;
  readonly zxid: bigint;
  readonly childChanges: number;
}

/** Of a page that does not exist yet. */
export const NO_STAT: PageStat = { version: ABSENT, zxid: 0n, childChanges: 0 };

export interface PageNode {
  readonly level: number;
  readonly segment: number;
  page: Page;
  version: number;
  /** The transaction that wrote it, by which newer is told from older. */
  zxid: bigint;
  readonly part: WatchedPart;
}
