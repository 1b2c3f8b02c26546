/**
 * What a cursor means, without any of its cleverness: one record for each message, gone through from the front. The
 * property tests hold the page and the draft against it.
 */
import type { Claim } from '../../../../../src/queue/model/claim.ts';
import type { Settlement } from '../../../../../src/queue/model/cursor-draft.ts';
import type { Position } from '../../../../../src/queue/model/position.ts';

export interface NaiveMessage {
  readonly position: Position;
  readonly id: string;
  readonly expiresAtMs: number | undefined;
  state: 'new' | 'leased' | 'waiting' | 'done';
  lease: number;
  untilMs: number;
  deliveries: number;
}

export interface NaiveClaimed {
  readonly id: string;
  readonly deliveries: number;
}

export type NaiveOutcome = 'ok' | 'unsure ok' | 'unsure lost';

export class NaiveCursor {
  /** In the order of delivery: highest level first, then the order of the log. */
  #messages: NaiveMessage[] = [];

  get messages(): readonly NaiveMessage[] {
    return this.#messages;
  }

  copy(): NaiveCursor {
    const copy = new NaiveCursor();
    copy.#messages = this.#messages.map((message) => ({ ...message }));
    return copy;
  }

  append(position: Position, id: string, expiresAtMs: number | undefined): void {
    const fresh = { state: 'new', lease: 0, untilMs: 0, deliveries: 0 } as const;
    this.#messages.push({ position, id, expiresAtMs, ...fresh });
    this.#messages.sort((a, b) => inOrderOfDelivery(a.position, b.position));
  }

  claim(claim: Claim, nowMs: number): NaiveClaimed[] {
    const claimed: NaiveClaimed[] = [];
    for (const message of this.#messages) {
      if (claimed.length >= claim.max) break;
      if (message.state === 'done') continue;
      if (message.state !== 'new' && message.untilMs > nowMs) continue;
      const expired = message.expiresAtMs !== undefined && message.expiresAtMs <= nowMs;
      if (expired || claim.autoAck) message.state = 'done';
      else Object.assign(message, { state: 'leased', lease: claim.lease, untilMs: claim.untilMs });
      message.deliveries += 1;
      if (!expired) claimed.push({ id: message.id, deliveries: message.deliveries });
    }
    return claimed;
  }

  settle(position: Position, lease: number, settlement: Settlement): NaiveOutcome {
    const message = this.#messages.find((each) => inOrderOfDelivery(each.position, position) === 0);
    if (message === undefined || message.state === 'new') return 'unsure lost';
    if (message.state === 'done') return settlement.kind === 'ack' ? 'unsure ok' : 'unsure lost';
    if (message.state !== 'leased' || message.lease !== lease) return 'unsure lost';
    switch (settlement.kind) {
      case 'ack':
        message.state = 'done';
        break;
      case 'nack':
        Object.assign(message, { state: 'waiting', lease: 0, untilMs: settlement.dueMs });
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
}

function inOrderOfDelivery(a: Position, b: Position): number {
  return b.level - a.level || a.segment - b.segment || a.offset - b.offset;
}
