/** Finds the known name that a misspelt one was probably meant to be. */

/** The known name with the fewest single-character edits, if these are few enough to be a slip. */
export function nearestName(misspelt: string, known: readonly string[]): string | undefined {
  let best: { name: string; edits: number } | undefined;
  for (const name of known) {
    const edits = countEdits(misspelt, name);
    if (edits <= 3 && (best === undefined || edits < best.edits)) best = { name, edits };
  }
  return best?.name;
}

/** Insertions, deletions and substitutions that turn one text into the other (Levenshtein's distance). */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= to.length; column += 1) {
      const substitution = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
