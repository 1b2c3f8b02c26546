/**
 * Runs the commands of a document as its reader would: one after the other in one shell, in an empty directory. What
 * they leave running ends with them.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const separator = '--- next step ---';
const limitMs = 60_000;

/**
 * Output of each of the commands.
 *
 * @throws Error with the command that failed, and what it said
 */
export async function runCommands(
  commands: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'zoogate-commands-'));
  const script = commands.join(`\necho\necho '${separator}'\n`);
  const { PATH = '' } = process.env;
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: directory,
    env: { PATH, HOME: directory, TMPDIR: directory, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, which can be ended as a whole.
    detached: true,
  });
  const closed = once(shell, 'close');
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    shell[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text;
    });
  }
  const limit = setTimeout(() => endGroup(shell.pid), limitMs);
  try {
    const [code] = await once(shell, 'exit');
    endGroup(shell.pid);
    await closed;
    const outputs = said.stdout.split(separator).map((text) => text.trim());
    if (code === 0) return outputs;
    const failed = commands[outputs.length - 1];
    throw new Error(`ended with ${code ?? 'a signal'}:\n${failed}\n${outputs.at(-1)}\n${said.stderr}`);
  } finally {
    clearTimeout(limit);
    await rm(directory, { recursive: true, force: true });
  }
}

function endGroup(leaderPid: number | undefined): void {
  if (leaderPid === undefined) return;
  try {
    process.kill(-leaderPid, 'SIGKILL');
  } catch {
    // Nobody of it is left.
  }
}

/** The text of an output without what differs from run to run, and without the layout of JSON. */
export function shapeOf(output: string): unknown {
  const varying: [RegExp, string][] = [
    [/"\d{4}-\d\d-\d\dT[\d:.]+Z"/g, '"<instant>"'],
    [/("(?:id|receipt|fencingToken|nextCursor)": ?)"[^"]+"/g, '$1"<varying>"'],
    [/("oldestMessageAgeSeconds": ?)[\d.]+/g, '$1"<seconds>"'],
    // Of server-sent events, and of a message's headers.
    [/^(id: |zoogate-(?:id|receipt|fencing-token): ).+$/gm, '$1<varying>'],
  ];
  const steady = varying.reduce(
    (result, [pattern, placeholder]) => result.replaceAll(pattern, placeholder),
    output,
  );
  return parsed(steady) ?? steady.split('\n').map((line) => dataOf(line));
}

/** A line, which may be JSON, or an event's data. */
function dataOf(line: string): unknown {
  const text = line.startsWith('data: ') ? line.slice('data: '.length) : line;
  return parsed(text) ?? text;
}

function parsed(text: string): object | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
