/** The cursor of a list: where its next page begins, as text that a client passes on without looking into it. */
import { BrokerError } from '../model/errors.ts';

export function encodeListCursor(place: string): string {
  return Buffer.from(place).toString('base64url');
}

/** @returns what `pattern` finds. Throws BrokerError 'validation' for a text that was never a cursor of this list */
export function decodeListCursor(cursor: string, pattern: RegExp): RegExpExecArray {
  const match = pattern.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (match !== null) return match;
  const message = 'is not a cursor of this list: pass on nextCursor as it was given, or leave it out';
  throw new BrokerError('validation', 'The cursor is not valid.', { errors: [{ path: 'cursor', message }] });
}
