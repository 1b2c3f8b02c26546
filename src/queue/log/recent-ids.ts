/**
 * Ids that must not be used twice within a window of time: dedupIds and transactionIds, each with what was answered.
 *
 *     <root>/<width>-<n>/<shard>/<hash>      the n-th span of `width` ms since 1970; spans are as wide as the window
 *
 * An id lives in the span of its time, and is looked for in that and the one before. Creating its node in the same
 * commit as what it stands for decides between two gateways that use it at once. Their clocks may be apart: near the
 * border of two spans an id is put into both, so that they meet in one. Old spans are removed whole, in bounded steps,
 * by whoever begins a new one: nothing is ever listed to find what has expired.
 */
import { createHash } from 'node:crypto';
import type { CommitPart } from '../commit/parts.ts';
import { createVersioned } from '../commit/versioned-node.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Store, Write } from '../zookeeper/store.ts';
import { KnownNodes } from './known-nodes.ts';

/** How far apart the gateways' pictures of the ensemble's clock may be. */
const BORDER_MS_MAX = 10_000;

interface StoredId {
  readonly atMs: number;
  readonly value: unknown;
}

interface FoundNode {
  readonly stored: StoredId;
  readonly version: number;
}

/** What a look-up has found: ids in use, and what stands in the way of using the others. */
export interface RecentIdsFound {
  /** Values of the ids that were used within the window. */
  readonly values: ReadonlyMap<string, unknown>;
  readonly nodes: ReadonlyMap<string, FoundNode>;
}

export class RecentIds {
  readonly #store: Store;
  readonly #root: string;
  readonly #known = new KnownNodes();
  readonly #onOld: (path: string) => void;

  /** @param onOld given spans that nobody looks at any more, to be removed */
  constructor(runtime: Runtime, root: string, onOld: (path: string) => void) {
    this.#store = runtime.store;
    this.#root = root;
    this.#onOld = onOld;
  }

  /** Looks ids up, by hash. Rejects with a StoreError. */
  async find(hashes: Iterable<string>, windowMs: number): Promise<RecentIdsFound> {
    const nowMs = this.#store.now();
    const values = new Map<string, unknown>();
    const nodes = new Map<string, FoundNode>();
    const look = async (hash: string, span: number) => {
      const path = this.#path(hash, windowMs, span);
      const node = await this.#store.read(path);
      if (node === undefined) return;
      const stored = JSON.parse(node.data.toString()) as StoredId;
      nodes.set(path, { stored, version: node.stat.version });
      if (nowMs - stored.atMs < windowMs) values.set(hash, stored.value);
    };
    const spans = lookedAt(nowMs, windowMs);
    await Promise.all([...hashes].flatMap((hash) => spans.map((span) => look(hash, span))));
    return { values, nodes };
  }

  /** The part of a commit that takes the ids, none of which `found` has in use. */
  take(ids: ReadonlyMap<string, unknown>, windowMs: number, found: RecentIdsFound): CommitPart {
    const nowMs = this.#store.now();
    const writes: Write[] = [];
    const created = new Set<string>();
    for (const [hash, value] of ids) {
      const data = Buffer.from(JSON.stringify({ atMs: nowMs, value } satisfies StoredId));
      for (const span of putInto(nowMs, windowMs)) {
        const path = this.#path(hash, windowMs, span);
        const old = found.nodes.get(path);
        if (old !== undefined) {
          writes.push({ kind: 'set', path, data, version: old.version });
          continue;
        }
        const parents = [this.#root, this.#spanPath(windowMs, span), parentOf(path)];
        writes.push(...this.#known.creations(parents, created));
        writes.push(...createVersioned(path, data));
      }
    }
    return {
      writes,
      applied: () => {
        const isNewSpan = [...created].some((path) => parentOf(path) === this.#root);
        // Of older spans' shards nothing more is asked.
        if (isNewSpan) this.#known.forget();
        this.#known.note([this.#root, ...created]);
        if (isNewSpan) void this.#removeOld();
      },
      // A parent that is there after all, or no longer; or somebody faster has taken the id: looking again will tell.
      conflicted: (index, reason) => {
        const path = writes[index]?.path;
        if (reason === 'missing') this.#known.forget();
        else if (path !== undefined && created.has(path)) this.#known.note([path]);
      },
    };
  }

  async #removeOld(): Promise<void> {
    try {
      const nowMs = this.#store.now();
      const listing = await this.#store.list(this.#root);
      for (const name of listing?.children ?? []) {
        const [width, span] = name.split('-').map(Number) as [number, number];
        if ((span + 2) * width + BORDER_MS_MAX < nowMs) this.#onOld(`${this.#root}/${name}`);
      }
    } catch {
      // Whoever begins the next span tries again.
    }
  }

  #spanPath(windowMs: number, span: number): string {
    return `${this.#root}/${windowMs}-${span}`;
  }

  #path(hash: string, windowMs: number, span: number): string {
    return `${this.#spanPath(windowMs, span)}/${hash.slice(0, 2)}/${hash}`;
  }
}

/** Free-form text from a user never becomes part of the tree: its hash does. Hexadecimal. */
export function hashId(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

function spanOf(nowMs: number, windowMs: number): number {
  return Math.floor(nowMs / windowMs);
}

/** Spans that hold ids of the last window, by a clock that may be a little off. */
function lookedAt(nowMs: number, windowMs: number): number[] {
  const span = spanOf(nowMs, windowMs);
  return [...new Set([span - 1, span, spanOf(nowMs + borderMs(windowMs), windowMs)])];
}

/** The span of the time, and its neighbour when another gateway's clock may already, or still, be there. */
function putInto(nowMs: number, windowMs: number): number[] {
  const border = borderMs(windowMs);
  return [
    ...new Set([spanOf(nowMs, windowMs), spanOf(nowMs - border, windowMs), spanOf(nowMs + border, windowMs)]),
  ];
}

function borderMs(windowMs: number): number {
  return Math.min(BORDER_MS_MAX, windowMs / 2);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
