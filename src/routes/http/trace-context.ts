/**
 * A sender's place in its trace, as W3C Trace Context has it: two request headers. One that is not valid counts as
 * none.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { TraceContext } from '../../queue/index.ts';

/** Version, trace, parent, flags, and what a later version may have behind these. */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-[!-~]*)?$/;
const TRACESTATE = /^[\t -~]+$/;
/** What everybody has to pass on; more may be dropped. */
const STATE_CHARS_MAX = 512;
const PARENT_CHARS_MAX = 256;

/** What the request says of its sender's trace; undefined when that is nothing, or not valid. */
export function traceContextOf({ traceparent, tracestate }: IncomingHttpHeaders): TraceContext | undefined {
  if (typeof traceparent !== 'string' || !isTraceparent(traceparent)) return undefined;
  const isState =
    typeof tracestate === 'string' && tracestate.length <= STATE_CHARS_MAX && TRACESTATE.test(tracestate);
  return isState ? { traceparent, tracestate } : { traceparent };
}

function isTraceparent(text: string): boolean {
  if (text.length > PARENT_CHARS_MAX) return false;
  const [, version, trace = '', parent = '', more] = TRACEPARENT.exec(text) ?? [];
  const isVersion = version !== undefined && version !== 'ff' && (version !== '00' || more === undefined);
  return isVersion && !isZero(trace) && !isZero(parent);
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
