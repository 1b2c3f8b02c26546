/** Segments that were trimmed in the middle of a log, and whose headers stay until all before them are gone. */
import type { World } from './world.ts';

/** Until they are gone, a subscription that begins before one counts what is no longer there. */
export function hasHoles({ ensemble: { tree } }: World): boolean {
  return tree.paths.some(
    (path) => /^\/data\/\w+\/log\/\d\/\d+$/.test(path) && tree.data(path)?.includes('"trimmed"') === true,
  );
}
