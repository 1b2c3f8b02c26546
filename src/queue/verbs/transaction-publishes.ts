/** The publishes of a transaction: where they go, whether there is room, and what stores them. */
import { unavailable } from '../commit/failures.ts';
import type { CommitPart } from '../commit/parts.ts';
import { readThrough } from '../commit/read-through.ts';
import { amountOf, type OutgoingMessage, planAppend } from '../log/append-plan.ts';
import type { CallSignal } from '../model/call-signal.ts';
import type { BrokerError } from '../model/errors.ts';
import type { PublishedMessage, TransactionRequest } from '../model/vocabulary.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Resolve } from '../topics/directory.ts';
import type { OpenTopic } from '../topics/open-topic.ts';
import type { Store } from '../zookeeper/store.ts';
import { outgoingMessages } from './publish.ts';

/** One of a transaction's publishes, and where it goes. */
export interface Publish {
  readonly open: OpenTopic;
  readonly outgoing: readonly OutgoingMessage[];
}

/** All messages for each target, in order. */
export type ByTarget = ReadonlyMap<OpenTopic, readonly OutgoingMessage[]>;

export interface Admitted {
  readonly parts: readonly CommitPart[];
  /** Why a target does not take its messages. A repeat, or an aborted transaction, is told something else. */
  readonly refusal: BrokerError | undefined;
}

/** Throws BrokerError 'not-found', or 'validation' for what a target's configuration does not allow. */
export async function resolvePublishes(
  store: Store,
  request: TransactionRequest,
  resolve: Resolve,
): Promise<Publish[]> {
  const publishes: Publish[] = [];
  for (const { target, messages } of request.publishes) {
    const open = await resolve(target);
    const nowMs = store.now();
    publishes.push({ open, outgoing: outgoingMessages(messages, open.topic.storage, nowMs) });
  }
  return publishes;
}

/** Publishes to the same target are stored together, as one. */
export function sortByTarget(publishes: readonly Publish[]): ByTarget {
  const byTarget = new Map<OpenTopic, OutgoingMessage[]>();
  for (const { open, outgoing } of publishes)
    byTarget.set(open, [...(byTarget.get(open) ?? []), ...outgoing]);
  return byTarget;
}

/** Asks the targets whether they have room. No subscription may stand still for the caller: see QueueLimits. */
export async function admit(runtime: Runtime, byTarget: ByTarget, signal: CallSignal): Promise<Admitted> {
  if (signal.aborted) throw unavailable(undefined);
  const admitted = await Promise.all(
    [...byTarget].map(async ([open, outgoing]) => {
      const ticket = await readThrough(runtime, signal, () => open.limits.begin());
      const { messages, bytes } = await readThrough(runtime, signal, () => amountOf(open, outgoing));
      const refusal = messages === 0 ? undefined : ticket.refusal(messages, bytes);
      return { parts: ticket.parts, refusal };
    }),
  );
  const refusal = admitted.find((each) => each.refusal !== undefined)?.refusal;
  return { parts: admitted.flatMap(({ parts }) => parts), refusal };
}

/** The parts that store the messages, and the answers to the publishes in their order. */
export async function planPublishes(
  runtime: Runtime,
  publishes: readonly Publish[],
  byTarget: ByTarget,
  signal: CallSignal,
) {
  const parts: CommitPart[] = [];
  const answered = new Map<OpenTopic, PublishedMessage[]>();
  for (const [open, outgoing] of byTarget) {
    const plan = await readThrough(runtime, signal, () => planAppend(open, outgoing));
    parts.push(...plan.parts);
    answered.set(open, [...plan.answers]);
  }
  const answers = publishes.map(({ open, outgoing }) =>
    (answered.get(open) ?? []).splice(0, outgoing.length),
  );
  return { parts, answers };
}
