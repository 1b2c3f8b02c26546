/**
 * Redrive: dead letters go back to where they came from, or elsewhere. Each step takes ready dead letters out of the
 * queue and appends them to their targets in one commit, so that a message is always in exactly one place; many are
 * moved in several such steps.
 */
import type { RedriveRequest, SubscriptionRef } from './broker-types.ts';
import type { CallSignal } from './call-signal.ts';
import { type CommitPart, commitParts } from './commit-parts.ts';
import type { Subscription } from './cursor/subscription.ts';
import { Deadline } from './deadline.ts';
import { BrokerError } from './errors.ts';
import { LevelEntries } from './log/level-entries.ts';
import { packable } from './log/moved-messages.ts';
import { guardOf } from './log/topic-guard.ts';
import { Claiming } from './model/claim.ts';
import { CursorDraft } from './model/cursor-draft.ts';
import type { EntryMessage, PackableMessage } from './model/entry.ts';
import type { Runtime } from './runtime.ts';
import { readThrough, unavailable } from './settled-commit.ts';
import type { Directory } from './topics/directory.ts';
import type { OpenTopic } from './topics/open-topic.ts';
import { QUEUE_SUBSCRIPTION } from './zookeeper/paths.ts';

/** One step moves no more, so that it fits into one write. */
const STEP_MESSAGES_MAX = 100;
const STEP_BYTES_MAX = 512 * 1024;

interface Target {
  readonly open: OpenTopic;
  /** The one subscription of a topic that the message goes back to. */
  readonly onlyFor: string | undefined;
}

export class Redriving {
  readonly #runtime: Runtime;
  readonly #directory: Directory;

  constructor(runtime: Runtime, directory: Directory) {
    this.#runtime = runtime;
    this.#directory = directory;
  }

  /** @returns how many were moved. Throws BrokerError, when nothing was. */
  redrive(queue: string, request: RedriveRequest): Promise<number> {
    return this.#directory.use({ kind: 'queue', name: queue }, (open) => this.#redrive(open, request));
  }

  async #redrive(open: OpenTopic, request: RedriveRequest): Promise<number> {
    const to = request.to === undefined ? undefined : await this.#namedTarget(request.to);
    await this.#brieflyRead(() => open.inspect(QUEUE_SUBSCRIPTION));
    let moved = 0;
    // What arrives while this goes on is left for the next time, or a target that fails at once would go round for ever.
    const untilMs = this.#runtime.store.now();
    while (moved < (request.max ?? Number.POSITIVE_INFINITY)) {
      const max = Math.min(STEP_MESSAGES_MAX, (request.max ?? STEP_MESSAGES_MAX + moved) - moved);
      try {
        const step = await open.use(QUEUE_SUBSCRIPTION, (subscription) =>
          subscription.exclusively(() => this.#step(subscription, to, max, untilMs)),
        );
        if (step === 0) break;
        moved += step;
      } catch (error) {
        // The first step decides whether anything is moved at all; after that, what was moved is told.
        if (moved === 0 || !(error instanceof BrokerError)) throw error;
        break;
      }
    }
    return moved;
  }

  async #step(
    subscription: Subscription,
    to: Target | undefined,
    max: number,
    untilMs: number,
  ): Promise<number> {
    const { state, rounds } = subscription;
    const signal = new Deadline(this.#runtime.timers, this.#runtime.requestTimeoutMs);
    try {
      for (;;) {
        await readThrough(this.#runtime, signal, () => rounds.look(true));
        const drafted = await readThrough(this.#runtime, signal, () =>
          this.#draft(subscription, to, max, untilMs),
        );
        if (drafted.count === 0) return 0;
        const appends = await this.#admit(drafted.byTarget, signal);
        for (const [target, messages] of drafted.byTarget) {
          const { runtime, topic, cache } = target;
          const entries = await readThrough(this.#runtime, signal, () =>
            LevelEntries.prepare(runtime, topic, cache, messages),
          );
          appends.push(guardOf(topic), withoutMark(entries));
        }
        const part = rounds.writer.part(drafted.draft, new Map());
        if ((await commitParts(this.#runtime, [part, ...appends], signal)) === 'applied') {
          rounds.counts.redriven += drafted.count;
          rounds.counts.expired += drafted.draft.expired;
          return drafted.count;
        }
        if (signal.aborted || !state.exists) throw unavailable(undefined);
      }
    } finally {
      signal.cancel();
    }
  }

  /** Takes ready dead letters out of the queue, sorted by where they go. Those whose origin is gone stay. */
  async #draft({ state, rounds }: Subscription, to: Target | undefined, max: number, untilMs: number) {
    const isDead = ({ deadLetter }: EntryMessage) => deadLetter !== undefined && deadLetter.atMs <= untilMs;
    const origins = new Map<string, Target | undefined>();
    for (;;) {
      const draft = new CursorDraft(state, this.#runtime.store.now());
      // Those without an origin are passed over; those not yet looked up are taken to see them, and looked up.
      const goes = (message: EntryMessage) =>
        !origins.has(originKey(message)) || origins.get(originKey(message));
      const claim = { max, lease: 1, untilMs: 0, autoAck: true, bytesMax: STEP_BYTES_MAX };
      const taken = new Claiming(draft).claim({
        ...claim,
        select: (message) => isDead(message) && Boolean(goes(message)),
      });
      const unknown = taken
        .map(({ message }) => message)
        .filter((message) => !origins.has(originKey(message)));
      for (const message of unknown) origins.set(originKey(message), to ?? (await this.#origin(message)));
      if (draft.missing.length > 0) await rounds.reader.loadMissing(draft.missing);
      if (draft.missing.length > 0 || unknown.length > 0) continue;
      const byTarget = new Map<OpenTopic, PackableMessage[]>();
      for (const { message } of taken) {
        const target = origins.get(originKey(message)) as Target;
        const moved = packable(message, { deadLetter: undefined, onlyFor: target.onlyFor });
        byTarget.set(target.open, [...(byTarget.get(target.open) ?? []), moved]);
      }
      return { draft, byTarget, count: taken.length };
    }
  }

  /** The limits of the targets hold for all that goes there at once. */
  async #admit(
    byTarget: ReadonlyMap<OpenTopic, readonly { body: Buffer }[]>,
    signal: CallSignal,
  ): Promise<CommitPart[]> {
    const parts: CommitPart[] = [];
    for (const [target, messages] of byTarget) {
      const bytes = messages.reduce((sum, message) => sum + message.body.length, 0);
      const ticket = await readThrough(this.#runtime, signal, () => target.admission.begin());
      const refusal = ticket.refusal(messages.length, bytes);
      if (refusal !== undefined) throw refusal;
      parts.push(...ticket.parts);
    }
    return parts;
  }

  async #namedTarget(name: string): Promise<Target> {
    const open = await this.#brieflyRead(() => this.#directory.find(name));
    if (open === undefined)
      throw new BrokerError('not-found', `There is no queue or topic called '${name}'.`);
    return { open, onlyFor: undefined };
  }

  async #origin(message: EntryMessage): Promise<Target | undefined> {
    const source: SubscriptionRef | undefined = message.deadLetter?.source;
    if (source === undefined) return undefined;
    const open = await this.#directory.find(source.name);
    if (open?.topic.kind !== source.kind) return undefined;
    if (source.kind === 'queue') return { open, onlyFor: undefined };
    const exists = (await open.subscriptionNames()).includes(source.subscription);
    return exists ? { open, onlyFor: source.subscription } : undefined;
  }

  async #brieflyRead<Result>(reads: () => Promise<Result>): Promise<Result> {
    const signal = new Deadline(this.#runtime.timers, this.#runtime.requestTimeoutMs);
    try {
      return await readThrough(this.#runtime, signal, reads);
    } finally {
      signal.cancel();
    }
  }
}

/** The same for all messages that go to the same place. */
function originKey({ deadLetter }: EntryMessage): string {
  return JSON.stringify(deadLetter?.source);
}

/** The cursor's own mark tells of all. */
function withoutMark(entries: LevelEntries): CommitPart {
  return {
    writes: entries.writes,
    applied: (results) => entries.applied(results),
    conflicted: (index) => entries.conflicted(index),
  };
}
