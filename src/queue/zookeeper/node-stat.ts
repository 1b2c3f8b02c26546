/** The stat of a node as the client gives it (64-bit numbers as bytes), and as the port does. */

import type { NodeStat } from './store.ts';

export interface RawStat {
  readonly version: number;
  readonly mzxid: Buffer;
  readonly ctime: Buffer;
  readonly mtime: Buffer;
  readonly cversion: number;
  readonly numChildren: number;
}

export function decodeStat(raw: RawStat): NodeStat {
  return {
    version: raw.version,
    mzxid: raw.mzxid.readBigInt64BE(),
    ctimeMs: milliseconds(raw.ctime),
    mtimeMs: stampMs(raw),
    childChanges: raw.cversion,
    childCount: raw.numChildren,
  };
}

/** The leader's clock at the last change of the data. */
export function stampMs(raw: RawStat): number {
  return milliseconds(raw.mtime);
}

function milliseconds(bytes: Buffer): number {
  return Number(bytes.readBigInt64BE());
}
