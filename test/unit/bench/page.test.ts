import { describe, expect, it } from 'vitest';
import { barChart } from '../../../bench/page/bar-chart.ts';
import { type PageContent, resultsPage } from '../../../bench/page/results-page.ts';
import { spread } from '../../../bench/page/statistics.ts';
import { summarize } from '../../../bench/page/summary.ts';
import { markdownTable, numberText, shareText, spreadText } from '../../../bench/page/table.ts';
import { measurement } from './measurement.ts';

describe('numbers as text', () => {
  it.each([
    [12_345.6, '12,346'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.1234, '0.123'],
    [0, '0.00'],
    [Number.NaN, ''],
  ])('%d is %s', (value, text) => expect(numberText(value)).toBe(text));

  it('show the spread only when there is one', () => {
    expect(spreadText(spread([5]))).toBe('5.00');
    expect(spreadText(spread([10, 20, 30]))).toBe('20.0 (10.0–30.0)');
    expect(shareText(spread([0.256]))).toBe('26 %');
  });
});

it('a table keeps its columns whatever is in a cell', () => {
  expect(markdownTable(['a', 'b'], [['x|y', 'two\nlines']])).toBe(
    '| a | b |\n|---|---:|\n| x\\|y | two lines |',
  );
});

describe('a chart', () => {
  const bars = [
    { label: 'a <b> & "c"', value: spread([100]), isMain: true },
    { label: 'half', value: spread([40, 50, 60]), isMain: false },
  ];
  const chart = barChart('speed', 'messages per second', bars);
  const widths = [...chart.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) => Number(width));

  it('has bars as long as the values say', () => {
    expect(widths).toHaveLength(2);
    expect(widths[0]).toBeGreaterThan(400);
    expect(widths[1]).toBeCloseTo((widths[0] ?? 0) / 2, 1);
  });

  it('has a line where rounds differ', () => {
    expect(chart.match(/<line /g)).toHaveLength(1);
  });

  it('escapes what is text', () => {
    expect(chart).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
    expect(chart).not.toContain('<b>');
  });

  it('of nothing but zeros is still a chart', () => {
    expect(barChart('t', 'u', [{ label: 'l', value: spread([0]), isMain: false }])).not.toMatch(
      /NaN|Infinity/,
    );
  });
});

describe('the page', () => {
  const content = (others: number): PageContent => ({
    machine: {
      processors: 2,
      model: 'model',
      memoryGiB: 8,
      system: 'system',
      node: 'v20',
      java: 'java',
      zooKeeper: 'zookeeper',
    },
    rounds: 2,
    measuredSeconds: 10,
    warmUpSeconds: 3,
    zooKeeperWarmUpSeconds: 30,
    peerWarmUpSeconds: 20,
    peers: [{ name: 'zoogate', title: 'zoogate', settings: 'as it is', version: 'this' }],
    workloads: [{ name: 'paced', title: 'paced' }],
    summaries: summarize([
      measurement({ round: 1, acked: 100, otherCores: others, transactions: 250 }),
      measurement({ round: 2, acked: 300, otherCores: 0 }),
    ]),
    failures: ['something: went wrong\n    at some.place'],
    charts: { paced: 'benchmarks/paced.svg' },
  });

  it('shows medians, latencies, costs, charts and failures', () => {
    const page = resultsPage(content(0.1));
    expect(page).toContain('| paced | 200 (100–300) |');
    expect(page).toContain('| paced: zoogate | 5.00 / 9.00 | 1.00 / 2.00 |');
    expect(page).toContain('| paced: zoogate | 2.50 | 1.00 | 300 | 50 % |  |');
    expect(page).toContain('| gateway 1 0.500 |');
    expect(page).toContain('| gateway 1 110 |');
    expect(page).toContain('![paced](benchmarks/paced.svg)');
    expect(page).toContain('- something: went wrong\n');
    expect(page).not.toContain('some.place');
  });

  it('says when the machine was not quiet', () => {
    expect(resultsPage(content(0.1))).not.toContain('**Other programs');
    expect(resultsPage(content(0.9))).toContain('**Other programs used up to 0.900 processors meanwhile');
  });
});
