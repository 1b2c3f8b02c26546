/**
 * What orderings, priorities and dead letters mean, without any cleverness: one record for each message, gone through
 * from the front for everything. The property test of the orderings holds the draft against it.
 */
import type { Claim } from '../../../../../src/queue/model/claim.ts';
import type { Settlement } from '../../../../../src/queue/model/cursor-draft.ts';
import type { DeliveryPolicy } from '../../../../../src/queue/model/delivery-policy.ts';
import type { Position } from '../../../../../src/queue/model/position.ts';

export interface OrderedMessage {
  readonly position: Position;
  readonly id: string;
  readonly group: string | undefined;
  readonly expiresAtMs: number | undefined;
  state: 'new' | 'leased' | 'waiting' | 'done' | 'buried';
  lease: number;
  untilMs: number;
  deliveries: number;
}

export interface OrderedClaimed {
  readonly id: string;
  readonly deliveries: number;
}

export interface OrderedDead {
  readonly id: string;
  readonly reason: 'max-deliveries' | 'rejected';
  readonly detail: string | undefined;
  readonly deliveries: number;
}

export type OrderedOutcome = 'ok' | 'unsure ok' | 'unsure lost';

type Rules = Pick<DeliveryPolicy, 'ordering' | 'maxDeliveries'>;

export class OrderingModel {
  /** In the order of delivery: highest level first, then the order of the log. */
  #messages: OrderedMessage[] = [];
  /** What the present batch moved to the dead letters, and how many it dropped as expired. */
  dead: OrderedDead[] = [];
  expired = 0;
  /** Whether the present batch changed anything at all. */
  changed = false;

  get messages(): readonly OrderedMessage[] {
    return this.#messages;
  }

  /** For the next batch: the messages as they are, and nothing dead or expired so far. */
  copy(): OrderingModel {
    const copy = new OrderingModel();
    copy.#messages = this.#messages.map((message) => ({ ...message }));
    return copy;
  }

  append(message: Pick<OrderedMessage, 'position' | 'id' | 'group' | 'expiresAtMs'>): void {
    this.#messages.push({ ...message, state: 'new', lease: 0, untilMs: 0, deliveries: 0 });
    this.#messages.sort((a, b) => inOrderOfDelivery(a.position, b.position));
  }

  find(position: Position): OrderedMessage | undefined {
    return this.#messages.find((each) => inOrderOfDelivery(each.position, position) === 0);
  }

  buryDead(rules: Rules, nowMs: number): void {
    for (const message of this.#messages) {
      if (isDead(message, rules, nowMs)) this.#bury(message, nowMs, 'max-deliveries', undefined);
    }
  }

  claim(claim: Claim, rules: Rules, nowMs: number): OrderedClaimed[] {
    const inFlight = this.#messages.filter((message) => isHeld(message) && message.untilMs > nowMs);
    if (rules.ordering === 'strict' && inFlight.length > 0) return [];
    const blocked = rules.ordering === 'group' ? inFlight.map(({ group }) => group) : [];
    const max = rules.ordering === 'strict' ? 1 : claim.max;
    const claimed: OrderedClaimed[] = [];
    for (const message of this.#messages) {
      if (claimed.length >= max) break;
      if (message.state === 'done' || message.state === 'buried') continue;
      if (inFlight.includes(message)) continue;
      if (message.group !== undefined && blocked.includes(message.group)) continue;
      const expired = isExpired(message, nowMs);
      if (expired || claim.autoAck) message.state = 'done';
      else Object.assign(message, { state: 'leased', lease: claim.lease, untilMs: claim.untilMs });
      message.deliveries += 1;
      this.changed = true;
      if (expired) this.expired += 1;
      else claimed.push({ id: message.id, deliveries: message.deliveries });
    }
    return claimed;
  }

  /** @param trimmed the message's segment is gone: nobody can tell any more how its messages ended */
  settle(
    receipt: Position & { lease: number },
    settlement: Settlement,
    rules: Rules,
    nowMs: number,
    trimmed: boolean,
  ): OrderedOutcome {
    const message = this.find(receipt);
    if (message === undefined || message.state === 'new') return 'unsure lost';
    if (message.state === 'done' || trimmed) return settlement.kind === 'ack' ? 'unsure ok' : 'unsure lost';
    if (message.state !== 'leased' || message.lease !== receipt.lease) return 'unsure lost';
    if (isDead(message, rules, nowMs)) return 'unsure lost';
    this.changed = true;
    switch (settlement.kind) {
      case 'ack':
        message.state = 'done';
        break;
      case 'nack':
        if (isUsedUp(message, rules)) this.#bury(message, nowMs, 'max-deliveries', undefined);
        else Object.assign(message, { state: 'waiting', lease: 0, untilMs: settlement.dueMs });
        break;
      case 'reject':
        this.#bury(message, nowMs, 'rejected', settlement.detail);
        break;
      case 'extend':
        message.untilMs = settlement.untilMs;
        break;
      case 'release':
        Object.assign(message, { state: 'waiting', lease: 0, untilMs: 0 });
        message.deliveries -= 1;
    }
    return 'ok';
  }

  #bury(
    message: OrderedMessage,
    nowMs: number,
    reason: OrderedDead['reason'],
    detail: string | undefined,
  ): void {
    message.state = 'buried';
    this.changed = true;
    if (isExpired(message, nowMs)) this.expired += 1;
    else this.dead.push({ id: message.id, reason, detail, deliveries: message.deliveries });
  }
}

export function isExpired(message: Pick<OrderedMessage, 'expiresAtMs'>, nowMs: number): boolean {
  return message.expiresAtMs !== undefined && message.expiresAtMs <= nowMs;
}

/** Delivered at some time, and neither done nor buried since. */
function isHeld(message: OrderedMessage): boolean {
  return message.state === 'leased' || message.state === 'waiting';
}

function isUsedUp(message: OrderedMessage, { maxDeliveries }: Rules): boolean {
  return maxDeliveries !== undefined && message.deliveries >= maxDeliveries;
}

function isDead(message: OrderedMessage, rules: Rules, nowMs: number): boolean {
  return isHeld(message) && isUsedUp(message, rules) && message.untilMs <= nowMs;
}

function inOrderOfDelivery(a: Position, b: Position): number {
  return b.level - a.level || a.segment - b.segment || a.offset - b.offset;
}
