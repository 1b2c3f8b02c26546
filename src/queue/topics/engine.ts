/** The parts of the engine that its verbs work with. The broker puts them together once. */
import type { EntryCache } from '../log/entry-cache.ts';
import type { RecentIds } from '../log/recent-ids.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Directory } from './directory.ts';
import type { Trash } from './trash.ts';

export interface Engine {
  readonly runtime: Runtime;
  readonly entries: EntryCache;
  readonly directory: Directory;
  readonly trash: Trash;
  readonly transactionIds: RecentIds;
}
