import { describe, expect, it } from 'vitest';
import { runSideBySide } from '../../../scripts/side-by-side.mjs';

const program = (name: string, code: string) => ({ name, parameters: ['-e', code] });

describe('programs that run side by side', () => {
  it('are told of as they end, and by name when they fail', async () => {
    const printed: string[] = [];
    const failed = await runSideBySide(
      [
        program('loses', 'console.log("why it lost"); console.error("and where"); process.exitCode = 3'),
        program('wins', 'console.log("nothing of interest")'),
        program('dies', 'process.kill(process.pid, "SIGKILL")'),
      ],
      (text) => printed.push(text),
    );
    expect(failed).toEqual(['loses', 'dies']);
    const text = printed.join('');
    expect(text).toContain('why it lost\n');
    expect(text).toContain('and where\n');
    expect(text).toMatch(/loses: FAILED after \d+ s\n/);
    expect(text).toMatch(/wins: passed after \d+ s\n/);
    expect(text).not.toContain('nothing of interest');
  });

  it('run at the same time', async () => {
    // Each ends once the other has come to listen or to call: one after the other, neither would.
    const listens = 'const s = require("net").createServer(c => { c.end(); s.close() }).listen(path)';
    const calls =
      'const go = () => require("net").connect(path).on("error", () => setTimeout(go, 20)).resume(); go()';
    const path = `const path = ${JSON.stringify(`\0zoogate-side-by-side-${process.pid}`)};`;
    const failed = await runSideBySide(
      [program('calls', path + calls), program('listens', path + listens)],
      () => {},
    );
    expect(failed).toEqual([]);
  });
});
