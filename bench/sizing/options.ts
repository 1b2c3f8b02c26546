/** The command line of `npm run sizing`. Pure. */
import { parseArgs } from 'node:util';

export interface SizingOptions {
  /** Sizes of message bodies. */
  readonly bodyBytes: readonly number[];
  /** Most messages that are queued of one size. */
  readonly messagesMax: number;
  /** Most bytes of bodies that are queued of one size. */
  readonly totalBytesMax: number;
  /** Receives that wait at once, to see what one costs a gateway. */
  readonly waiting: number;
}

export const usage = 'npm run sizing -- [--bodies BYTES,BYTES] [--messages N] [--mebibytes N] [--waiting N]';

const bodyBytesMax = 262_144;

/** @throws Error saying what is wrong */
export function parseSizingOptions(args: readonly string[]): SizingOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bodies: { type: 'string', default: '100,256,1024,16384' },
      messages: { type: 'string', default: '30000' },
      mebibytes: { type: 'string', default: '32' },
      waiting: { type: 'string', default: '4000' },
    },
  });
  return {
    bodyBytes: values.bodies.split(',').map((text) => whole('bodies', text, bodyBytesMax)),
    messagesMax: whole('messages', values.messages, 10_000_000),
    totalBytesMax: whole('mebibytes', values.mebibytes, 4_096) * 1024 * 1024,
    waiting: whole('waiting', values.waiting, 12_000),
  };
}

function whole(name: string, text: string, max: number): number {
  const value = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max)) throw new Error(`--${name} takes whole numbers up to ${max}, not "${text}"`);
  return value;
}
