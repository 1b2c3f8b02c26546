/**
 * A cursor page as it is stored: JSON, so that an operator can read it with any ZooKeeper shell, in arrays, so that
 * it stays small: `{"f": frontier, "r": [[start, length, untilMs, deliveries, lease], …], "w": [[writer, commit], …]}`.
 */
import type { Page, Run, WriterMark } from './page.ts';

interface StoredPage {
  f: number;
  r: [start: number, length: number, untilMs: number, deliveries: number, lease: number][];
  w: [writer: string, commit: number][];
}

export function encodePage(page: Page): Buffer {
  const stored: StoredPage = {
    f: page.frontier,
    r: page.runs.map((run) => [run.start, run.length, run.untilMs, run.deliveries, run.lease]),
    w: page.writers.map((mark) => [mark.writer, mark.commit]),
  };
  return Buffer.from(JSON.stringify(stored));
}

export function decodePage(data: Buffer): Page {
  const stored = JSON.parse(data.toString()) as StoredPage;
  return {
    frontier: stored.f,
    runs: stored.r.map(
      ([start, length, untilMs, deliveries, lease]): Run => ({ start, length, untilMs, deliveries, lease }),
    ),
    writers: stored.w.map(([writer, commit]): WriterMark => ({ writer, commit })),
  };
}
