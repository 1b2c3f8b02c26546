/** Results for people. Pure. */
import type { FaultMeasure } from './expectations.ts';

/** A table with right-aligned columns but for the first. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

/** The worst of each kind of fault; numbers of requests are sums. */
export function faultTable(measures: readonly FaultMeasure[]): string {
  const names = [...new Set(measures.map(({ name }) => name))];
  const rows = names.map((name) => {
    const same = measures.filter((measure) => measure.name === name);
    const most = (of: (measure: FaultMeasure) => number) => Math.round(Math.max(...same.map(of)));
    const sum = (of: (measure: FaultMeasure) => number) => same.reduce((total, each) => total + of(each), 0);
    return [
      name,
      same.length,
      most(({ unavailableMs }) => unavailableMs.nginx),
      most(({ unavailableMs }) => unavailableMs.anywhere),
      sum(({ requests }) => requests.nginx.done + requests.gateway.done),
      sum(({ requests }) => requests.nginx.refused),
      sum(({ requests }) => requests.nginx.unknown),
      sum(({ requests }) => requests.gateway.refused),
      sum(({ requests }) => requests.gateway.unknown),
    ];
  });
  const head = [
    'fault',
    'times',
    'nginx ms',
    'anywhere ms',
    'done',
    'nginx: refused',
    'unknown',
    'gateways: refused',
    'unknown',
  ];
  return table(head, rows);
}

/** One line while it runs. */
export function faultLine(measure: FaultMeasure, atSeconds: number): string {
  const { name, what, unavailableMs, requests, secondsTaken, failures } = measure;
  const failed = requests.nginx.refused + requests.nginx.unknown;
  const ways = failed === 0 ? '' : ` ${JSON.stringify(failures)}`;
  return (
    `${String(Math.round(atSeconds)).padStart(5)} s  ${name} (${what}): ${secondsTaken.toFixed(1)} s; no publish for ` +
    `${Math.round(unavailableMs.nginx)} ms through nginx, ${Math.round(unavailableMs.anywhere)} ms anywhere; ` +
    `${failed} failed through nginx${ways}, ${requests.gateway.refused + requests.gateway.unknown} at gateways`
  );
}
