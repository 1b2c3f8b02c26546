/** The README can be read in a few minutes, and its figures are those of the last benchmark. */
import { expect, test } from 'vitest';
import { readDocument, tableRows } from '../support/documents.ts';

const readme = readDocument('README.md');
const WORDS_MAX = 900;
/** The columns of the README's table: workloads of the benchmark. */
const WORKLOADS = ['singles, 1 + 1', 'singles, 64 + 64', 'batches of 100, 8 + 8'];

test('it is short', () => {
  expect(readme.split(/\s+/).length).toBeLessThanOrEqual(WORDS_MAX);
});

test('it compares the rates that docs/benchmarks.md has, rounded to two digits', () => {
  const shown = tableRows(readme, 'How fast');
  expect(shown.length).toBeGreaterThan(5);
  const peers = shown.map(([peer = '']) => peer);
  const expected = peers.map((peer) => [peer, ...WORKLOADS.map((workload) => ratio(workload, peer))]);
  expect(shown).toEqual(expected);
  expect(readme).toContain(`${rateCell(WORKLOADS[1], 'zoogate')} single messages`);
  expect(readme).toContain(`${rateCell(WORKLOADS[2], 'zoogate')} in batches`);
});

/** How many times the peer's messages a second zoogate handled, as the README writes it. */
function ratio(workload: string, peer: string): string {
  const [own, other] = ['zoogate', peer].map((name) => Number(rateCell(workload, name).replaceAll(',', '')));
  if (own === undefined || other === undefined || other === 0) return 'not measured';
  const twoDigits = Number((own / other).toPrecision(2));
  return twoDigits < 1 ? twoDigits.toPrecision(2) : String(twoDigits);
}

/** The median in a table of docs/benchmarks.md, as it stands there. */
function rateCell(workload: string | undefined, name: string): string {
  const document = readDocument('docs/benchmarks.md');
  const heading = document.split('\n').find((line) => line.startsWith('| workload | zoogate |')) ?? '';
  const names = heading
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
  const row = tableRows(document, 'Messages per second').find(([first]) => first === workload);
  return row?.[names.indexOf(name)]?.split(' ')[0] ?? '';
}
