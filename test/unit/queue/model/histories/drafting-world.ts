/**
 * A log of a few segments on some priority levels, with its cursor pages, as a draft sees them: the parts come into
 * view only when a draft has asked for them, and a batch counts only when its pages are kept.
 */

import { Claiming } from '../../../../../src/queue/model/claim.ts';
import { CommitRoom } from '../../../../../src/queue/model/commit-room.ts';
import { CursorDraft, initialPage } from '../../../../../src/queue/model/cursor-draft.ts';
import type { CursorView, Missing } from '../../../../../src/queue/model/cursor-view.ts';
import type { DeliveryPolicy } from '../../../../../src/queue/model/delivery-policy.ts';
import type { EntryMessage } from '../../../../../src/queue/model/entry.ts';
import { isFinished, type Page } from '../../../../../src/queue/model/page.ts';
import type { Position } from '../../../../../src/queue/model/position.ts';
import { type EntrySlot, endOf, slotAt } from '../../../../../src/queue/model/segment.ts';

/** As much as a server takes. */
export const roomyCommit = () => new CommitRoom({ bytesMax: 1_000_000, bytesPerWrite: 64 });

interface WorldEntry extends EntrySlot {
  readonly messages: readonly EntryMessage[];
}

interface WorldSegment {
  readonly entries: WorldEntry[];
  page: Page;
  trimmed: boolean;
}

const PLAIN_POLICY: DeliveryPolicy = {
  subscription: 'queue',
  ordering: 'none',
  maxDeliveries: undefined,
  messageTtlMs: undefined,
  filter: undefined,
  purgedSchedule: 0,
};

export class DraftingWorld implements CursorView {
  readonly generation = 3;
  readonly levels: readonly number[];
  policy: DeliveryPolicy;
  readonly #logs: readonly WorldSegment[][];
  readonly #inView = new Set<string>();
  /** Entries that were read once: their groups stay known when their messages are forgotten. */
  readonly #groupsRead = new Set<string>();

  constructor(policy: Partial<DeliveryPolicy> = {}, levels = 2) {
    this.policy = { ...PLAIN_POLICY, ...policy };
    this.#logs = Array.from({ length: levels }, () => [newSegment(0)]);
    this.levels = [...this.#logs.keys()].reverse();
  }

  start(): { segment: number; offset: number } {
    return { segment: 0, offset: 0 };
  }

  bounds(level: number): { first: number; last: number } {
    const first = this.#log(level).findIndex((segment) => !segment.trimmed);
    return { first, last: this.#log(level).length - 1 };
  }

  page(level: number, segment: number): Page | 'finished' | undefined {
    const known = this.#log(level)[segment];
    if (known === undefined || known.trimmed) return 'finished';
    return this.#inView.has(`page ${level}/${segment}`) ? known.page : undefined;
  }

  pages() {
    return this.levels.flatMap((level) =>
      this.#log(level).flatMap(({ page, trimmed }, segment) => {
        return this.#inView.has(`page ${level}/${segment}`) && !trimmed ? [{ level, segment, page }] : [];
      }),
    );
  }

  end(level: number, segment: number): number | undefined {
    const known = this.#log(level)[segment];
    if (known === undefined || !this.#inView.has(`segment ${level}/${segment}`)) return undefined;
    return endOf(known.entries);
  }

  entryAt(level: number, segment: number, offset: number) {
    const known = this.#log(level)[segment];
    const slot = known === undefined ? undefined : slotAt(known.entries, offset);
    if (slot === undefined || !this.#inView.has(`segment ${level}/${segment}`)) return undefined;
    const place = `${level}/${segment}/${slot.start}`;
    const all = known?.entries.find((entry) => entry.start === slot.start)?.messages;
    const messages = this.#inView.has(`entry ${place}`) ? all : undefined;
    return {
      start: slot.start,
      end: slot.start + slot.count,
      bytes: slot.bytes,
      messages,
      groups: this.#groupsRead.has(place) ? groupsOf(all ?? []) : undefined,
    };
  }

  /** Brings into view what a draft has asked for. */
  load(missing: readonly Missing[]): void {
    for (const part of missing) {
      const place = `${part.level}/${part.segment}`;
      this.#inView.add(`${part.kind} ${part.kind === 'entry' ? `${place}/${part.offset}` : place}`);
      // Whoever reads an entry has listed its segment.
      if (part.kind === 'entry') {
        this.#inView.add(`segment ${place}`);
        this.#groupsRead.add(`${place}/${part.offset}`);
      }
    }
  }

  forget(): void {
    this.#inView.clear();
    this.#groupsRead.clear();
  }

  /** Forgets what a gateway may forget: never a page on which something has happened. */
  forgetUntouched(groupsToo: boolean): void {
    this.#inView.clear();
    if (groupsToo) this.#groupsRead.clear();
    for (const { level, segment, page } of this.segments()) {
      if (page.frontier > 0) this.#inView.add(`page ${level}/${segment}`);
    }
  }

  append(level: number, messages: readonly EntryMessage[]): { segment: number; offset: number } {
    const segment = this.#log(level).length - 1;
    const { entries } = this.#segment(level, segment);
    const start = endOf(entries);
    const bytes = messages.reduce((sum, message) => sum + message.body.length, 0);
    const sequence = entries.length;
    entries.push({ name: '', token: '', sequence, start, count: messages.length, bytes, messages });
    return { segment, offset: start };
  }

  isTrimmed({ level, segment }: Position): boolean {
    return this.#segment(level, segment).trimmed;
  }

  roll(level: number): void {
    this.#log(level).push(newSegment(this.#log(level).length));
  }

  keep(draft: CursorDraft): void {
    for (const { level, segment, page } of draft.changed.values()) this.#segment(level, segment).page = page;
  }

  /** Trims what is finished, but for the last segment of each level, which is open. */
  trim(): void {
    for (const log of this.#logs) {
      for (const segment of log.slice(0, -1)) {
        if (isFinished(segment.page, endOf(segment.entries))) segment.trimmed = true;
      }
    }
  }

  *segments(): Generator<{ level: number; segment: number; page: Page; end: number; trimmed: boolean }> {
    for (const level of this.levels) {
      for (const [segment, { page, entries, trimmed }] of this.#log(level).entries()) {
        yield { level, segment, page, end: endOf(entries), trimmed };
      }
    }
  }

  #log(level: number): WorldSegment[] {
    const log = this.#logs[level];
    if (log === undefined) throw new Error(`no level ${level}`);
    return log;
  }

  #segment(level: number, segment: number): WorldSegment {
    const known = this.#log(level)[segment];
    if (known === undefined) throw new Error(`no segment ${level}/${segment}`);
    return known;
  }
}

function newSegment(number: number): WorldSegment {
  return { entries: [], page: initialPage(number, { segment: 0, offset: 0 }), trimmed: false };
}

/** As an entry tells them: one text when all are of one group. */
function groupsOf(messages: readonly EntryMessage[]): string | string[] {
  const groups = messages.map(({ group }) => group ?? '');
  return groups.every((group) => group === groups[0]) ? (groups[0] ?? '') : groups;
}

export function worldMessage(id: string, expiresAtMs?: number, group?: string): EntryMessage {
  return {
    id,
    body: Buffer.from(id),
    bodyKind: 'text',
    contentType: 'text/plain',
    attributes: {},
    priority: 0,
    publishedAtMs: 1,
    ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    ...(group === undefined ? {} : { group }),
  };
}

/** Segments of one message each. */
export function longWorld(segments: number): DraftingWorld {
  const world = new DraftingWorld();
  for (let segment = 0; segment < segments; segment += 1) {
    world.append(0, [worldMessage(`m${segment}`)]);
    world.roll(0);
  }
  return world;
}

/** The draft that misses nothing: `act` is done again on a new one each time more has come into view. */
export function draftWithAllInView(
  world: DraftingWorld,
  act: (draft: CursorDraft, claiming: Claiming) => void,
): CursorDraft {
  for (;;) {
    const draft = new CursorDraft(world, 1_000, roomyCommit());
    act(draft, new Claiming(draft));
    if (draft.missing.length === 0) return draft;
    world.load(draft.missing);
  }
}
