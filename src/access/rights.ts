/**
 * Who may do what: the one decision, as a pure function of the principal, the right and the name.
 */
import { NamePattern } from './name-pattern.ts';

/**
 * publish   store messages in a queue or topic
 * consume   receive, settle, peek, browse, follow: whatever shows or takes messages
 * manage    create, configure, delete, purge, seek, redrive
 */
export const RIGHTS = ['publish', 'consume', 'manage'] as const;

export type Right = (typeof RIGHTS)[number];

/** Rights by the patterns of the names that they are granted on. */
export interface Rights extends Readonly<Record<Right, readonly NamePattern[]>> {
  /** Reading the metrics, which name queues. */
  readonly metrics: boolean;
}

/** Somebody who sends requests. */
export interface Principal {
  /** Tells principals apart, and is no secret: it is logged with every request. */
  readonly name: string;
  readonly rights: Rights;
  /** A limit of its own, instead of the one for everybody. */
  readonly rate?: RequestRate;
}

/** How many requests a principal may send to one gateway. */
export interface RequestRate {
  readonly perSecond: number;
  /** At once, after a pause. At least 1. */
  readonly burst: number;
}

const EVERYTHING = [new NamePattern('*')];

export const ALL_RIGHTS: Rights = {
  publish: EVERYTHING,
  consume: EVERYTHING,
  manage: EVERYTHING,
  metrics: true,
};

export const NO_RIGHTS: Rights = { publish: [], consume: [], manage: [], metrics: false };

/** Everybody, where there is no authentication. */
export const ANONYMOUS: Principal = { name: 'anonymous', rights: ALL_RIGHTS };

/** Whether the principal has the right on this queue or topic, or on this subscription (`topic/subscription`). */
export function isAllowed({ rights }: Principal, right: Right, name: string): boolean {
  return rights[right].some((pattern) => pattern.matches(name));
}

/** Whether the principal may know that it exists: any right on it will do. */
export function maySee(principal: Principal, name: string): boolean {
  return rightsOn(name).some((right) => isAllowed(principal, right, name));
}

/** Whether the principal may see the topic or could see some subscription of it. */
export function maySeeWithin({ rights }: Principal, topic: string): boolean {
  return RIGHTS.some((right) => rights[right].some((pattern) => pattern.matchesWithin(topic)));
}

/** Whether there is anything that the principal may take messages from or store them in. */
export function mayMove({ rights }: Principal): boolean {
  return rights.consume.length + rights.publish.length > 0;
}

/** Nobody publishes to a subscription, so who may publish to its topic has no right on it. */
function rightsOn(name: string): readonly Right[] {
  return name.includes('/') ? ['consume', 'manage'] : RIGHTS;
}
