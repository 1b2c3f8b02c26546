/** A client's going away as one of the platform's own signals, for what lives long enough to be worth one. */
import type { CallSignal } from '../model/call-signal.ts';

/** Aborts when the call's signal does. */
export function abortSignalOf(signal: CallSignal): AbortSignal {
  const controller = new AbortController();
  if (signal.aborted) controller.abort();
  else signal.addEventListener('abort', () => controller.abort());
  return controller.signal;
}
