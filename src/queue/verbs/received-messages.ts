/** What a lease is told as. */

import type { Lease } from '../cursor/waiting/requests.ts';
import { encodeReceipt } from '../model/receipt.ts';
import type { ReceivedMessage } from '../model/vocabulary.ts';

/**
 * The messages of a lease, each with its receipt. Put together field by field: spreading objects costs more than all else in an answer of a
 * hundred messages.
 *
 * @param seal of the subscription, for the receipts
 */
export function receivedMessages(made: Lease, seal: number): ReceivedMessage[] {
  const { generation, lease, untilMs, fencingToken } = made;
  return made.messages.map(({ message, deliveries, level, segment, offset }) => {
    const { id, body, bodyKind, contentType, attributes, priority, group, publishedAtMs, deadLetter } =
      message;
    const received: { -readonly [Field in keyof ReceivedMessage]: ReceivedMessage[Field] } = {
      id,
      body,
      bodyKind,
      contentType,
      attributes,
      priority,
      publishedAtMs,
      receipt: encodeReceipt({ generation, level, segment, offset, lease }, seal),
      deliveries,
      leaseExpiresAtMs: untilMs,
      fencingToken,
    };
    if (group !== undefined) received.group = group;
    if (deadLetter !== undefined) received.deadLetter = deadLetter;
    return received;
  });
}
