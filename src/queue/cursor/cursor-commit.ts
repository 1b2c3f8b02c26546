/**
 * Writes what an evaluation has drafted: all changed pages and attempts in one commit, each compared and set, under
 * the checks of the incarnation and the subscription. Each page carries the number of this gateway's commit, by which
 * a commit whose answer was lost is recognised.
 */
import { hasCommit, markWriter, type Page } from '../model/page.ts';
import { decodePage, encodePage } from '../model/page-codec.ts';
import { OPEN_VERSION, SEALED_VERSION } from '../model/segment.ts';
import type { Runtime } from '../runtime.ts';
import { readThrough, type SettledCommit, settledCommit } from '../settled-commit.ts';
import { ANY_VERSION, type Write, type WriteResult } from '../zookeeper/store.ts';
import type { AttemptShards } from './attempt-shards.ts';
import type { Evaluation } from './evaluation.ts';
import { ABSENT, type LoadedCursor } from './loaded-cursor.ts';

/**
 * applied   with the write's transaction, unless that can't be told because its answer was lost
 * lost      somebody else has changed something first: what was old is marked, evaluate again
 * absent    certainly not applied, for another reason: try again
 */
export type Written =
  | { readonly outcome: 'applied'; readonly zxid: bigint | undefined }
  | { readonly outcome: 'lost' | 'absent' };

interface PageWrite {
  readonly level: number;
  readonly segment: number;
  readonly page: Page;
  readonly versionBefore: number;
}

const WRITER_CHARACTERS = 8;

export class CursorCommit {
  readonly #runtime: Runtime;
  readonly #cursor: LoadedCursor;
  readonly #attempts: AttemptShards;
  readonly #onFinished: (level: number, segment: number) => void;
  readonly #writer: string;
  #number = 0;
  #lastWritten: readonly PageWrite[] = [];

  constructor(
    runtime: Runtime,
    cursor: LoadedCursor,
    attempts: AttemptShards,
    onFinished: (level: number, segment: number) => void,
  ) {
    this.#runtime = runtime;
    this.#cursor = cursor;
    this.#attempts = attempts;
    this.#onFinished = onFinished;
    this.#writer = runtime.random.token(WRITER_CHARACTERS);
  }

  /** The pages that were written last are the ones that others who are about are likely to have written since. */
  markWrittenStale(): void {
    for (const { level, segment } of this.#lastWritten) this.#cursor.markPageStale(level, segment);
  }

  /** Throws BrokerError when the ensemble does not come back in time. */
  async write(evaluation: Evaluation, signal: AbortSignal): Promise<Written> {
    this.#number += 1;
    const pages = [...evaluation.draft.changed.values()].map(
      ({ level, segment, page }): PageWrite => ({
        level,
        segment,
        page: markWriter(page, this.#writer, this.#number),
        versionBefore: this.#cursor.pageVersion(level, segment),
      }),
    );
    const { writes, owners } = this.#writes(pages, evaluation);
    this.#lastWritten = pages;
    let resolvedZxid: bigint | undefined;
    const didApply = async () => {
      const found = await this.#findMark(pages[0] as PageWrite);
      resolvedZxid = found?.zxid;
      return found?.applied;
    };
    let settled: SettledCommit;
    try {
      settled = await settledCommit(this.#runtime, writes, didApply, signal);
    } catch (error) {
      this.#markStale(pages);
      throw error;
    }
    this.#attempts.forget();
    if (settled.outcome === 'applied' && settled.results !== undefined) {
      return { outcome: 'applied', zxid: this.#keep(pages, owners, settled.results) };
    }
    this.#markStale(pages);
    if (settled.outcome === 'applied') return { outcome: 'applied', zxid: resolvedZxid };
    if (settled.outcome === 'absent') return { outcome: 'absent' };
    const owner = owners[settled.index];
    if (owner === 'topic') await readThrough(this.#runtime, signal, () => this.#cursor.topic.refresh());
    else if (owner === 'record') this.#cursor.markRecordStale();
    else if (owner !== 'attempts' && owner !== undefined)
      this.#cursor.topic.log(owner.level).forget(owner.segment);
    return { outcome: 'lost' };
  }

  #writes(pages: readonly PageWrite[], evaluation: Evaluation) {
    const writes: Write[] = [this.#cursor.topic.guard(), this.#cursor.guard()];
    const owners: ('topic' | 'record' | 'attempts' | PageWrite)[] = ['topic', 'record'];
    const add = (owner: 'attempts' | PageWrite, added: readonly Write[]) => {
      for (const write of added) {
        writes.push(write);
        owners.push(owner);
      }
    };
    for (const page of pages) add(page, this.#pageWrites(page));
    for (const [shard, records] of evaluation.attempts)
      add('attempts', this.#attempts.writes(shard, records));
    return { writes, owners };
  }

  /** A page comes into being only while its segment is there, or it would outlive it. */
  #pageWrites({ level, segment, page, versionBefore }: PageWrite): Write[] {
    const path = this.#cursor.pagePath(level, segment);
    const data = encodePage(page);
    if (versionBefore !== ABSENT) return [{ kind: 'set', path, data, version: versionBefore }];
    const log = this.#cursor.topic.log(level);
    const version = log.known(segment)?.header.state === 'open' ? OPEN_VERSION : SEALED_VERSION;
    return [
      { kind: 'check', path: log.path(segment), version },
      { kind: 'create', path, data: Buffer.alloc(0) },
      { kind: 'set', path, data, version: ANY_VERSION },
    ];
  }

  /** Looks for our commit number in a page. Undefined when the page has been trimmed meanwhile. */
  async #findMark({ level, segment, versionBefore }: PageWrite) {
    const node = await this.#runtime.store.read(this.#cursor.pagePath(level, segment));
    if (node === undefined) {
      const known = await this.#runtime.store.stat(this.#cursor.topic.log(level).path(segment));
      return versionBefore === ABSENT && known !== undefined && known.version <= SEALED_VERSION
        ? { applied: false, zxid: undefined }
        : undefined;
    }
    const applied = hasCommit(decodePage(node.data), this.#writer, this.#number);
    const expected = versionBefore === ABSENT ? 1 : versionBefore + 1;
    return { applied, zxid: node.stat.version === expected ? node.stat.mzxid : undefined };
  }

  /** Takes over the pages as written, and tells which segments are finished now. */
  #keep(
    pages: readonly PageWrite[],
    owners: readonly unknown[],
    results: readonly WriteResult[],
  ): bigint | undefined {
    let zxid: bigint | undefined;
    results.forEach((result, index) => {
      const page = pages.find((candidate) => candidate === owners[index]);
      if (result.kind !== 'set' || page === undefined) return;
      zxid = result.stat.mzxid;
      this.#cursor.keepWritten(page.level, page.segment, page.page, result.stat.version);
    });
    for (const { level, segment, page } of pages) {
      const end = this.#cursor.end(level, segment);
      // Others have taken what this gateway has never listed, when it only acks.
      if (end !== undefined && page.frontier > end) this.#cursor.topic.log(level).forget(segment);
      if (page.runs.length === 0 && (end === undefined || page.frontier >= end))
        this.#onFinished(level, segment);
    }
    return zxid;
  }

  #markStale(pages: readonly PageWrite[]): void {
    for (const { level, segment } of pages) this.#cursor.markPageStale(level, segment);
  }
}
