/** The documentation as data: all Markdown files, with their blocks, commands, tables, headings and links. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import GitHubSlugger from 'github-slugger';

const root = join(import.meta.dirname, '../..');
/** Hidden ones are foreign as well. */
const FOREIGN_FOLDERS = ['node_modules', 'dist', 'data', 'coverage'];

/** What stands between two fences. */
export interface Block {
  /** Behind the opening fence; empty when there is nothing. */
  readonly language: string;
  readonly text: string;
}

export interface CommandStep {
  readonly command: string;
  /** What the document shows as its output; empty when it shows none, and none is to be expected. */
  readonly output: string;
}

/** Paths of all Markdown files of the repository, from its root. */
export function documentPaths(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!entry.isDirectory()) return path.endsWith('.md') ? [path] : [];
      return entry.name.startsWith('.') || FOREIGN_FOLDERS.includes(entry.name) ? [] : documentPaths(path);
    })
    .sort();
}

export function readDocument(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function fencedBlocks(document: string): Block[] {
  return [...document.matchAll(FENCED)].map(([, language = '', text = '']) => ({
    language,
    text: text.trimEnd(),
  }));
}

/** Every `sh` block, with the `json` or `text` block that comes right after it. */
export function commandSteps(document: string): CommandStep[] {
  const steps = document.matchAll(/^```sh\n(.*?)^```\n(?:\n*```(?:json|text)\n(.*?)^```)?/gms);
  return [...steps].map(([, command = '', output = '']) => ({
    command: command.trimEnd(),
    output: output.trimEnd(),
  }));
}

/**
 * The commands that a document shows without running them as they stand: lines of its `shell` blocks, and those that its
 * text names. A block that begins with a comment is one, and called by it.
 */
export function commandsNotRun(document: string): string[] {
  const blocks = fencedBlocks(document)
    .filter(({ language }) => language === 'shell')
    .flatMap(({ text }) => (text.startsWith('# ') ? [text.split('\n')[0] ?? ''] : commandLines(text)));
  const named = [...prose(document).matchAll(/`((?:node|docker|kubectl|nginx|promtool|openssl)\s[^`]+)`/g)];
  return [...blocks, ...named.map(([, command = '']) => command.replaceAll(/\s+/g, ' '))];
}

/** Without the breaks of long ones. */
function commandLines(text: string): string[] {
  const lines = text.replaceAll(/\\\n\s*/g, '').split('\n');
  return lines.filter((line) => line.trim() !== '');
}

/** Cells of the rows of the table below this heading. */
export function tableRows(document: string, heading: string): string[][] {
  const section = document.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
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

/** Targets of links and pictures within the repository, with their anchors. */
export function relativeLinks(document: string): string[] {
  const links = prose(document).matchAll(/\]\((?!\w+:)([^)\s]+)\)/g);
  return [...links].map(([, target = '']) => target);
}

/** What links may name behind `#`, as GitHub makes it of the headings. */
export function anchorsOf(document: string): Set<string> {
  const slugger = new GitHubSlugger();
  const headings = prose(document).matchAll(/^#+ +(.*?) *$/gm);
  return new Set([...headings].map(([, heading = '']) => slugger.slug(heading)));
}

const FENCED = /^```(\S*)\n(.*?)^```$/gms;

function prose(document: string): string {
  return document.replaceAll(FENCED, '');
}
