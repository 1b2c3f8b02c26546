/** A bar chart as SVG: one bar a row, with a line for the spread over the rounds. Pure. */
import type { Spread } from './statistics.ts';
import { numberText } from './table.ts';

export interface Bar {
  readonly label: string;
  readonly value: Spread;
  /** Stands out from the others. */
  readonly isMain: boolean;
}

const width = 760;
const labelWidth = 170;
const valueWidth = 90;
const barHeight = 20;
const rowHeight = 30;
const top = 44;
const bottom = 12;
const style = `text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.bar { fill: #8c959f; } .main { fill: #0969da; } .spread { stroke: #1f2328; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .spread { stroke: #e6edf3; } }`;

/** @param unit of the values, for the title */
export function barChart(title: string, unit: string, bars: readonly Bar[]): string {
  const largest = Math.max(...bars.map(({ value }) => value.max), Number.MIN_VALUE);
  const scale = (value: number) => (value / largest) * (width - labelWidth - valueWidth);
  const rows = bars.map((bar, index) => row(bar, top + index * rowHeight, scale));
  const height = top + bars.length * rowHeight + bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(`${title}, ${unit}`)}</title>`,
    `<style>${style}</style>`,
    `<text class="title" x="8" y="24">${escaped(`${title} (${unit})`)}</text>`,
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function row({ label, value, isMain }: Bar, y: number, scale: (value: number) => number): string {
  const middle = y + barHeight / 2;
  const at = (each: number) => (labelWidth + scale(each)).toFixed(1);
  const end = (labelWidth + scale(value.max) + 8).toFixed(1);
  const parts = [
    `<text x="${labelWidth - 10}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
    `<rect class="${isMain ? 'main' : 'bar'}" x="${labelWidth}" y="${y}" width="${scale(value.median).toFixed(1)}" height="${barHeight}"/>`,
    `<text x="${end}" y="${middle + 4}">${numberText(value.median)}</text>`,
  ];
  if (value.min !== value.max)
    parts.push(
      `<line class="spread" x1="${at(value.min)}" x2="${at(value.max)}" y1="${middle}" y2="${middle}"/>`,
    );
  return parts.join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
