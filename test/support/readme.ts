/** The README as data: its tour's commands with the output shown for each, its table of variables, its links. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface TourStep {
  readonly command: string;
  /** Undefined when the README shows no output, and none is to be expected. */
  readonly output: string | undefined;
}

export function readReadme(): string {
  return readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
}

/** Every `sh` block, with the `json` or `text` block that follows it before the next one. */
export function tourSteps(readme: string): TourStep[] {
  const blocks = [...readme.matchAll(/^```(sh|json|text)\n(.*?)^```$/gms)].map(
    ([, kind = '', text = '']) => ({
      kind,
      text: text.trimEnd(),
    }),
  );
  return blocks.flatMap(({ kind, text }, index) => {
    if (kind !== 'sh') return [];
    const next = blocks[index + 1];
    return [{ command: text, output: next === undefined || next.kind === 'sh' ? undefined : next.text }];
  });
}

/** Cells of the rows of the table below this heading. */
export function tableRows(readme: string, heading: string): string[][] {
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** Targets of links within the repository. */
export function relativeLinks(readme: string): string[] {
  return [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target = '']) => target);
}
