/**
 * Redrive: dead letters go back to where they came from, or elsewhere. Each step takes ready dead letters out of the
 * queue and appends them to their targets in one commit, so that a message is always in exactly one place; many are
 * moved in several such steps.
 */

import { unavailable } from '../commit/failures.ts';
import { AGAIN, attemptUntilDone } from '../commit/optimistic.ts';
import { type CommitPart, commitParts } from '../commit/parts.ts';
import { readThrough, readWithDeadline } from '../commit/read-through.ts';
import type { Subscription } from '../cursor/subscription.ts';
import { QueueLimits, type Ticket, UNLIMITED } from '../limits/queue-full.ts';
import { LevelEntries } from '../log/level-entries.ts';
import { packable } from '../log/moved-messages.ts';
import { guardOf } from '../log/topic-guard.ts';
import type { CallSignal } from '../model/call-signal.ts';
import { Claiming } from '../model/claim.ts';
import { CommitRoom } from '../model/commit-room.ts';
import { CursorDraft } from '../model/cursor-draft.ts';
import { type EntryMessage, MOVED_BYTES_MAX, type PackableMessage, packedBytes } from '../model/entry.ts';
import { BrokerError } from '../model/errors.ts';
import type { Position } from '../model/position.ts';
import type { RedriveRequest, SubscriptionRef } from '../model/vocabulary.ts';
import type { Engine } from '../topics/engine.ts';
import type { OpenTopic } from '../topics/open-topic.ts';
import { QUEUE_SUBSCRIPTION } from '../zookeeper/paths.ts';

/** One step moves no more, and no more than fits into one commit. */
const STEP_MESSAGES_MAX = 100;

/** Of what a step lacks. After these, it goes on with what is there. */
const LOADS_USUAL = 8;

interface Target {
  readonly open: OpenTopic;
  /** The one subscription of a topic that the message goes back to. */
  readonly onlyFor: string | undefined;
}

interface Attempt {
  readonly to: Target | undefined;
  readonly max: number;
  readonly untilMs: number;
  /** Of the targets that were asked. */
  readonly tickets: ReadonlyMap<OpenTopic, Ticket>;
  readonly signal: CallSignal;
}

/** Moves ready dead letters on. @returns how many. Throws BrokerError when it moved nothing */
export function redrive(engine: Engine, queue: string, request: RedriveRequest): Promise<number> {
  return engine.directory.use({ kind: 'queue', name: queue }, (open) => redriveFrom(engine, open, request));
}

async function redriveFrom(engine: Engine, open: OpenTopic, request: RedriveRequest): Promise<number> {
  const to = request.to === undefined ? undefined : await namedTarget(engine, request.to);
  await readWithDeadline(engine.runtime, () => open.inspect(QUEUE_SUBSCRIPTION));
  let moved = 0;
  // Leave what arrives meanwhile for the next redrive: with a target that fails at once this would go round for ever.
  // Clocks tell whole milliseconds, and what has died just now must not seem to come later.
  const untilMs = Math.ceil(engine.runtime.store.now()) + 1;
  while (moved < (request.max ?? Number.POSITIVE_INFINITY)) {
    const max = Math.min(STEP_MESSAGES_MAX, (request.max ?? STEP_MESSAGES_MAX + moved) - moved);
    try {
      const step = await open.use(QUEUE_SUBSCRIPTION, (subscription) =>
        moveSome(engine, subscription, to, max, untilMs),
      );
      if (step === 0) break;
      moved += step;
    } catch (error) {
      // If the first step fails, the redrive fails. After that it tells how many it has moved.
      if (moved === 0 || !(error instanceof BrokerError)) throw error;
      break;
    }
  }
  return moved;
}

/**
 * Moves as many as one commit takes. The queue's rounds stand still while it is made. Targets are asked for room before
 * that: to count, they have the sources of their dead letters bury their dead, and this queue may be such a source.
 */
async function moveSome(
  engine: Engine,
  subscription: Subscription,
  to: Target | undefined,
  max: number,
  untilMs: number,
): Promise<number> {
  let limited: readonly OpenTopic[] = [];
  return attemptUntilDone(engine.runtime, async (signal) => {
    const limits = limited.map((target) => target.limits);
    const outcome = await QueueLimits.inTurns(limits, async () => {
      const tickets = await ticketsFor(engine, limited, signal);
      return subscription.exclusively(() =>
        attempt(engine, subscription, { to, max, untilMs, tickets, signal }),
      );
    });
    if (typeof outcome === 'number') return outcome;
    if (!subscription.state.exists) throw unavailable(undefined);
    limited = outcome;
    return AGAIN;
  });
}

/** @returns how many it has moved; or the targets with limits, which must give tickets before the next attempt */
async function attempt(
  engine: Engine,
  subscription: Subscription,
  { to, max, untilMs, tickets, signal }: Attempt,
): Promise<number | OpenTopic[]> {
  const { rounds } = subscription;
  await rounds.turns.next();
  await readThrough(engine.runtime, signal, () => rounds.look(true));
  const { draft, byTarget, count } = await readThrough(engine.runtime, signal, () =>
    draftMoves(engine, subscription, to, max, untilMs),
  );
  if (count === 0) return 0;
  const limited = [...byTarget.keys()].filter(({ limits }) => limits.isLimited);
  if (!limited.every((target) => tickets.has(target))) return limited;
  const appends: CommitPart[] = [];
  for (const [target, messages] of byTarget) {
    const { runtime, topic, cache } = target;
    const ticket = tickets.get(target) ?? UNLIMITED;
    const refusal = ticket.refusal(messages.length, bodyBytes(messages));
    if (refusal !== undefined) throw refusal;
    const guard = guardOf(topic);
    const entries = await readThrough(engine.runtime, signal, () =>
      LevelEntries.prepare(runtime, topic, cache, messages),
    );
    appends.push(...ticket.parts, guard, withoutMark(entries));
  }
  const part = rounds.writer.part(draft, new Map());
  if ((await commitParts(engine.runtime, [part, ...appends], signal)) !== 'applied') return limited;
  rounds.counts.redriven += count;
  rounds.counts.expired += draft.expired;
  return count;
}

/** Takes ready dead letters out of the queue, sorted by their targets. Those whose origin is gone stay. */
async function draftMoves(
  engine: Engine,
  { state, rounds }: Subscription,
  to: Target | undefined,
  max: number,
  untilMs: number,
) {
  const isDead = ({ deadLetter }: EntryMessage) => deadLetter !== undefined && deadLetter.atMs <= untilMs;
  const origins = new Map<string, Target | undefined>();
  for (let loads = 0; ; loads += 1) {
    const { store } = engine.runtime;
    const hasLoadedMuch = loads >= LOADS_USUAL;
    const draft = new CursorDraft(state, store.now(), new CommitRoom(store.packet), hasLoadedMuch);
    // Pass over those whose origin is gone. Take those whose origin is not known yet, and look it up.
    const goes = (message: EntryMessage) =>
      !origins.has(originKey(message)) || origins.get(originKey(message));
    const select = (message: EntryMessage, position: Position) => {
      if (!isDead(message) || !goes(message)) return false;
      const moved = draft.takeMoved(position, packedBytes(message) + MOVED_BYTES_MAX);
      return moved === 'later' ? 'enough' : moved === 'taken';
    };
    const claim = { max, lease: 1, untilMs: 0, autoAck: true, select };
    const taken = new Claiming(draft).claim(claim);
    const unknown = taken.map(({ message }) => message).filter((message) => !origins.has(originKey(message)));
    for (const message of unknown) origins.set(originKey(message), to ?? (await findOrigin(engine, message)));
    if (draft.missing.length > 0) await rounds.reader.loadMissing(draft.missing, false);
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

/** Asks the targets for room: once each, for all that goes there. */
async function ticketsFor(
  engine: Engine,
  targets: readonly OpenTopic[],
  signal: CallSignal,
): Promise<Map<OpenTopic, Ticket>> {
  const tickets = new Map<OpenTopic, Ticket>();
  if (signal.aborted) throw unavailable(undefined);
  for (const target of targets) {
    const begin = () => target.limits.begin();
    tickets.set(target, await readThrough(engine.runtime, signal, begin));
  }
  return tickets;
}

async function namedTarget(engine: Engine, name: string): Promise<Target> {
  const open = await readWithDeadline(engine.runtime, () => engine.directory.find(name));
  if (open === undefined) throw new BrokerError('not-found', `There is no queue or topic called '${name}'.`);
  return { open, onlyFor: undefined };
}

async function findOrigin(engine: Engine, message: EntryMessage): Promise<Target | undefined> {
  const source: SubscriptionRef | undefined = message.deadLetter?.source;
  if (source === undefined) return undefined;
  const open = await engine.directory.find(source.name);
  if (open?.topic.kind !== source.kind) return undefined;
  if (source.kind === 'queue') return { open, onlyFor: undefined };
  const exists = (await open.subscriptionNames()).includes(source.subscription);
  return exists ? { open, onlyFor: source.subscription } : undefined;
}

function bodyBytes(messages: readonly { readonly body: Buffer }[]): number {
  return messages.reduce((sum, { body }) => sum + body.length, 0);
}

/** Equal for all messages that go back to the same place. */
function originKey({ deadLetter }: EntryMessage): string {
  return JSON.stringify(deadLetter?.source);
}

/** Without a mark of its own: the cursor's tells whether the whole commit was applied. */
function withoutMark(entries: LevelEntries): CommitPart {
  return {
    writes: entries.writes,
    applied: (results) => entries.applied(results),
    conflicted: (index) => entries.conflicted(index),
  };
}
