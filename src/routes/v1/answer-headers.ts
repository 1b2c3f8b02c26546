/**
 * What of messages goes into the headers of an answer: attributes, and the outcomes of acks. All of it together is
 * bounded, so that it passes clients and load balancers, which take 16 KiB of headers and often no more: an answer that
 * one of them refuses is lost after its request has taken effect. So what does not fit is not taken in the first place.
 */
import type { Outcome, StoredMessage } from '../../queue/index.ts';
import { headersOfAttributes } from './attribute-headers.ts';
import { headersOfEvent } from './cloud-events/binary-mode.ts';

/** Attributes and outcomes as header lines. A gateway's other headers stay far below the rest of 16 KiB. */
export const MESSAGE_HEADER_BYTES_MAX = 12 * 1024;

type Headers = Readonly<Record<string, string | string[]>>;
type Attributes = StoredMessage['attributes'];

/** The outcomes of the receipts that were acked with a receive; none when there were none. */
export function headersOfOutcomes(acked: readonly Outcome[] | undefined): Record<string, string> {
  return acked === undefined ? {} : { 'zoogate-acked': acked.map(({ outcome }) => outcome).join(', ') };
}

/**
 * Whether a message's attributes fit into the headers of an answer.
 *
 * @param receipts how many are acked with it: each is taken to have the longest outcome
 */
export function fitsIntoHeaders(
  { attributes }: { readonly attributes: Attributes },
  receipts: number,
): boolean {
  const room = MESSAGE_HEADER_BYTES_MAX - receipts * 'invalid, '.length;
  if (bytesAtMost(attributes) <= room) return true;
  return headerBytes(headersOfAttributes(attributes)) + headerBytes(headersOfEvent(attributes)) <= room;
}

/** Whatever the characters: percent-encoded UTF-8 has at most 9 for each of UTF-16, and an event has them twice. */
function bytesAtMost(attributes: Attributes): number {
  let bytes = 0;
  for (const name in attributes) bytes += 2 * (64 + name.length + 9 * (attributes[name]?.length ?? 0));
  return bytes;
}

function headerBytes(headers: Headers): number {
  let bytes = 0;
  for (const [name, values] of Object.entries(headers)) {
    for (const value of [values].flat()) bytes += name.length + value.length + ': \r\n'.length;
  }
  return bytes;
}
