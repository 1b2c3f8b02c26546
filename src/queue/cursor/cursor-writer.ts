/**
 * Writes drafted pages and attempts: the part of a commit that compares and sets each of them, under the checks of
 * the incarnation and the subscription. Each page carries the number of this gateway's commit: by it the gateway
 * recognises a commit whose answer was lost.
 */
import type { CommitPart } from '../commit/parts.ts';
import type { AttemptRecord } from '../model/attempts.ts';
import type { CursorDraft } from '../model/cursor-draft.ts';
import { hasCommit, isFinished, markWriter, mayHaveForgotten, type Page } from '../model/page.ts';
import { decodePage, encodePage } from '../model/page-codec.ts';
import { OPEN_VERSION, SEALED_VERSION } from '../model/segment.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { ORDER_NAME, orderPath, pageName } from '../zookeeper/paths.ts';
import { ANY_VERSION, versionAfter, type Write, type WriteResult } from '../zookeeper/store.ts';
import { attemptWrites } from './attempt-shards.ts';
import type { CursorState } from './cursor-state.ts';
import { ABSENT } from './page-node.ts';

interface PageWrite {
  readonly level: number;
  readonly segment: number;
  readonly page: Page;
  readonly versionBefore: number;
}

type Owner = 'topic' | 'record' | 'order' | 'attempts' | PageWrite;

/** The part and, once it is applied, the id of its transaction, if that can be told. */
export interface CursorPart extends CommitPart {
  readonly zxid: bigint | undefined;
  /** The id of the same or a later transaction, for when its own can't be told. */
  readonly laterZxid: bigint;
}

const WRITER_CHARACTERS = 8;

/** Is told how commits ended. */
export interface WriterListener {
  /** Nothing is left for this subscription in a segment. */
  onFinished(level: number, segment: number): void;
  /** The pages were written, or somebody else was faster. */
  onWritten(outcome: 'won' | 'lost'): void;
}

export class CursorWriter {
  /** Pages name this writer's commits by it. */
  readonly name: string;
  readonly #runtime: Runtime;
  readonly #state: CursorState;
  readonly #listener: WriterListener;
  #number = 0;
  #lastWritten: readonly PageWrite[] = [];
  #lostAt: string | undefined;

  constructor(runtime: Runtime, state: CursorState, listener: WriterListener) {
    this.#runtime = runtime;
    this.#state = state;
    this.#listener = listener;
    this.name = runtime.random.token(WRITER_CHARACTERS);
  }

  /** Other gateways have probably written the same pages since: has them read again. */
  markWrittenStale(): void {
    for (const { level, segment } of this.#lastWritten) this.#state.markPageStale(level, segment);
  }

  /** Of the last commit, or attempt at one. */
  get number(): number {
    return this.#number;
  }

  /**
   * The node of the cursor, by its name, at which this gateway last lost: a page, or the node of the order.
   * Undefined when it last lost elsewhere.
   */
  get lostAt(): string | undefined {
    return this.#lostAt;
  }

  /** The pages that were written last, or were to be, as far as they are known by now. */
  writtenPages(): Page[] {
    const stated = this.#lastWritten.map(({ level, segment }) => this.#state.pageNode(level, segment));
    return stated.flatMap((known) => (known === undefined ? [] : [known.page]));
  }

  /** One part at a time: the next is made when this one is applied or given up. */
  part(draft: CursorDraft, attempts: ReadonlyMap<number, readonly AttemptRecord[]>): CursorPart {
    this.#number += 1;
    const number = this.#number;
    const pages = [...draft.changed.values()].map(
      ({ level, segment, page }): PageWrite => ({
        level,
        segment,
        page: markWriter(page, this.name, number),
        versionBefore: this.#state.pageVersion(level, segment),
      }),
    );
    this.#lastWritten = pages;
    const { writes, owners } = this.#writes(draft, pages, attempts);
    const watched = pages.flatMap(({ level, segment }) => this.#state.partsOf(level, segment));
    let zxid: bigint | undefined;
    let laterZxid = 0n;
    const part = {
      writes,
      get zxid() {
        return zxid;
      },
      get laterZxid() {
        return laterZxid;
      },
      sending: () => {
        for (const each of watched) each.beginOwnWrite();
      },
      applied: (results: readonly WriteResult[] | undefined) => {
        this.#state.attempts.clear();
        if (results === undefined) this.#markStale(pages, draft);
        else zxid = this.#keep(pages, owners, results);
        for (const each of watched) each.endOwnWrite(true);
        this.#listener.onWritten('won');
      },
      conflicted: async (index: number) => {
        const owner = owners[index];
        this.#lostAt = this.#contendedNode(owner);
        this.#listener.onWritten('lost');
        if (owner === 'topic') await this.#state.topic.refresh();
        else if (owner === 'record') this.#state.recordPart.stale = true;
        else if (owner === 'order') this.#state.orderVersion = undefined;
        else if (owner !== 'attempts' && owner !== undefined) {
          this.#state.topic.log(owner.level).forget(owner.segment);
        }
      },
      abandoned: () => {
        this.#state.attempts.clear();
        this.#markStale(pages, draft);
        for (const each of watched) each.endOwnWrite(false);
      },
      didApply: async () => {
        const [first] = pages;
        if (first === undefined) return undefined;
        const found = await this.#findMark(first, number);
        zxid = found?.zxid;
        laterZxid = found?.laterZxid ?? 0n;
        return found?.applied;
      },
    };
    return part;
  }

  #writes(
    draft: CursorDraft,
    pages: readonly PageWrite[],
    attempts: ReadonlyMap<number, readonly AttemptRecord[]>,
  ) {
    const writes: Write[] = [this.#state.topic.guard()];
    const owners: Owner[] = ['topic'];
    const add = (owner: Owner, added: readonly Write[]) => {
      for (const write of added) {
        writes.push(write);
        owners.push(owner);
      }
    };
    add('record', this.#state.guards());
    if (draft.isOrdered) add('order', this.#orderWrites());
    for (const page of pages) add(page, this.#pageWrites(page));
    const { attempts: known, cursorPath } = this.#state;
    for (const [shard, records] of attempts)
      add('attempts', attemptWrites(known, cursorPath, shard, records));
    return { writes, owners };
  }

  #contendedNode(owner: Owner | undefined): string | undefined {
    if (owner === 'order') return ORDER_NAME;
    if (typeof owner !== 'object') return undefined;
    return pageName(owner.level, owner.segment);
  }

  #orderWrites(): Write[] {
    const path = orderPath(this.#state.cursorPath);
    const version = this.#state.orderVersion ?? 0;
    const data = Buffer.alloc(0);
    const set: Write = { kind: 'set', path, data, version: version !== 0 ? version : ANY_VERSION };
    return version !== 0 ? [set] : [{ kind: 'create', path, data }, set];
  }

  /** Makes a page only while its segment exists: a page without one would never be removed. */
  #pageWrites({ level, segment, page, versionBefore }: PageWrite): Write[] {
    const path = this.#state.pagePath(level, segment);
    const data = encodePage(page);
    if (versionBefore !== ABSENT) return [{ kind: 'set', path, data, version: versionBefore }];
    const log = this.#state.topic.log(level);
    const version = log.known(segment)?.header.state === 'open' ? OPEN_VERSION : SEALED_VERSION;
    return [
      { kind: 'check', path: log.path(segment), version },
      { kind: 'create', path, data: Buffer.alloc(0) },
      { kind: 'set', path, data, version: ANY_VERSION },
    ];
  }

  /** Looks for a commit's number in a page. Undefined when the page has been trimmed, or has forgotten, meanwhile. */
  async #findMark({ level, segment, versionBefore }: PageWrite, number: number) {
    const node = await this.#runtime.store.read(this.#state.pagePath(level, segment));
    if (node === undefined) {
      const known = await this.#runtime.store.stat(this.#state.topic.log(level).path(segment));
      return versionBefore === ABSENT && known !== undefined && known.version <= SEALED_VERSION
        ? { applied: false, zxid: undefined, laterZxid: 0n }
        : undefined;
    }
    const page = decodePage(node.data);
    // An applied commit was the first to write it since.
    const isTold = !mayHaveForgotten(page, (node.stat.version - Math.max(0, versionBefore)) | 0);
    const applied = hasCommit(page, this.name, number) || (isTold ? false : undefined);
    const expected = versionBefore === ABSENT ? 1 : versionAfter(versionBefore);
    const laterZxid = node.stat.mzxid;
    return { applied, zxid: node.stat.version === expected ? laterZxid : undefined, laterZxid };
  }

  /** Takes over the pages as written, and tells which segments are finished now. */
  #keep(
    pages: readonly PageWrite[],
    owners: readonly Owner[],
    results: readonly WriteResult[],
  ): bigint | undefined {
    let zxid: bigint | undefined;
    results.forEach((result, index) => {
      const owner = owners[index];
      if (result.kind === 'set' && owner === 'order') {
        this.#state.orderVersion = result.stat.version;
        this.#state.turnRequests.see(ORDER_NAME, result.stat.childChanges);
      }
      if (result.kind !== 'set' || typeof owner !== 'object') return;
      zxid = result.stat.mzxid;
      const { version, childChanges } = result.stat;
      this.#state.keepPage(owner.level, owner.segment, owner.page, { version, zxid, childChanges });
    });
    for (const { level, segment, page } of pages) {
      const end = this.#state.end(level, segment);
      // A gateway that only acks may not have listed entries that others have taken already.
      if (end !== undefined && page.frontier > end) this.#state.topic.log(level).forget(segment);
      if (isFinished(page, end ?? page.frontier)) this.#listener.onFinished(level, segment);
    }
    return zxid;
  }

  #markStale(pages: readonly PageWrite[], { isOrdered }: CursorDraft): void {
    if (isOrdered) this.#state.orderVersion = undefined;
    for (const { level, segment } of pages) this.#state.markPageStale(level, segment);
  }
}
