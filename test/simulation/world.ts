/** The running parts of a simulation, shared by its clients and its faults. */
import type { Broker, Call, SubscriptionRef, TopicRef } from '../../src/queue/index.ts';
import { Chance } from './chance.ts';
import { Ledger, type Span } from './ledger.ts';
import { type Cluster, drawScenario, type Scenario } from './scenario.ts';
import { SimulatedEnsemble } from './simulated-ensemble.ts';
import { type Answer, type CallOptions, SimulatedGateway } from './simulated-gateway.ts';
import { VirtualTime } from './virtual-time.ts';

/** Everything that messages are published to, and received from. */
export const TARGETS = {
  work: { kind: 'queue', name: 'work' },
  dead: { kind: 'queue', name: 'dead' },
  input: { kind: 'queue', name: 'input' },
  output: { kind: 'queue', name: 'output' },
  scratch: { kind: 'queue', name: 'scratch' },
  news: { kind: 'topic', name: 'news' },
  feed: { kind: 'topic', name: 'feed' },
} as const satisfies Record<string, TopicRef>;

const queue = (name: string): SubscriptionRef => ({ kind: 'queue', name });
const topic = (name: string, subscription: string): SubscriptionRef => ({
  kind: 'topic',
  name,
  subscription,
});

export const SOURCES = {
  work: queue('work'),
  dead: queue('dead'),
  input: queue('input'),
  output: queue('output'),
  scratch: queue('scratch'),
  all: topic('news', 'all'),
  some: topic('news', 'some'),
  left: topic('feed', 'left'),
  right: topic('feed', 'right'),
} as const satisfies Record<string, SubscriptionRef>;

/** Comes and goes; what it has is nobody else's business. */
export const VISITOR = { kind: 'subscription', topic: 'feed', name: 'visitor' } as const;

export type TargetName = keyof typeof TARGETS;
export type SourceName = keyof typeof SOURCES;

/** By the names above, or any other. */
export type Target = TargetName | TopicRef;
export type Source = SourceName | SubscriptionRef;

export function topicRefOf(target: Target): TopicRef {
  return typeof target === 'string' ? TARGETS[target] : target;
}

export function sourceRefOf(source: Source): SubscriptionRef {
  return typeof source === 'string' ? SOURCES[source] : source;
}

/** What the ledger calls it. */
export function nameOf(place: Target | Source): string {
  if (typeof place === 'string') return place;
  return 'subscription' in place ? `${place.name}/${place.subscription}` : place.name;
}

/** What each source's messages are published to. */
export function targetOf(source: SourceName): TargetName {
  return SOURCES[source].name as TargetName;
}

/** With followers farther behind, each write takes so long that a burst of them reaches the time limit. */
const CALM_LAG_MS = 2;

export class World {
  readonly seed: string;
  readonly scenario: Scenario;
  readonly time = new VirtualTime();
  readonly chance: Chance;
  readonly ensemble: SimulatedEnsemble;
  readonly gateways: readonly SimulatedGateway[];
  readonly ledger = new Ledger();
  /** Requests that clients may still make. */
  remaining: number;
  /** Nothing is the matter: no fault comes about, and no server is slow; or all is healed, and nobody in a hurry. */
  calm: boolean;

  /** @param needs what the run's family needs to be otherwise than it is drawn */
  constructor(seed: string, needs: Partial<Cluster> = {}) {
    this.seed = seed;
    this.chance = new Chance(seed);
    this.scenario = { ...drawScenario(this.chance.derive('scenario')), ...needs };
    this.calm = this.scenario.faults === 0 && this.scenario.lagMs <= CALM_LAG_MS;
    this.remaining = this.scenario.operations;
    this.ensemble = new SimulatedEnsemble(this.time, this.chance.derive('ensemble'), this.scenario.servers);
    this.ensemble.lagMs = this.scenario.lagMs;
    this.gateways = Array.from(
      { length: this.scenario.gateways },
      (_, index) =>
        new SimulatedGateway({
          name: `gateway ${index}`,
          time: this.time,
          chance: this.chance,
          ensemble: this.ensemble,
          segmentLimits: this.scenario.segmentLimits,
          onDefect: (what) => this.ledger.defects.push(`at ${Math.round(this.time.nowMs)} ms: ${what}`),
        }),
    );
  }

  /** Sends a request to a gateway, and tells when. */
  async ask<Value>(
    gateway: SimulatedGateway,
    act: (broker: Broker, call: Call) => Promise<Value>,
    options: CallOptions<Value>,
  ): Promise<{ answer: Answer<Value>; span: Span }> {
    this.remaining -= 1;
    const askedMs = this.time.nowMs;
    const { calm } = this;
    const minClockMs = this.ensemble.earliestClockMs;
    const answer = await gateway.call(act, options);
    const isExcused = !calm || options.leaveAfterMs !== undefined;
    if (
      !isExcused &&
      (answer.kind === 'unknown' || (answer.kind === 'refused' && answer.code === 'unavailable'))
    )
      this.ledger.defects.push(`${options.name} was ${answer.kind}, with nothing the matter`);
    const span = { askedMs, toldMs: this.time.nowMs, minClockMs, maxClockMs: this.ensemble.latestClockMs };
    return { answer, span };
  }
}
