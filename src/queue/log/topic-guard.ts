/** The part of a commit that fails it when an incarnation's configuration has changed, or it is deleted. */
import type { CommitPart } from '../commit/parts.ts';
import type { Topic } from './topic.ts';

/** To be made before levels are chosen for messages: those are the ones of the configuration that it checks. */
export function guardOf(topic: Topic): CommitPart {
  return { writes: [topic.guard()], applied: () => {}, conflicted: () => topic.refresh() };
}
