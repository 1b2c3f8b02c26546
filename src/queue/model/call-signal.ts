/**
 * Tells a call that nobody waits for it any more. As much of an AbortSignal as that takes: one of Node's own, with a
 * listener, costs as much as parsing a request, and the garbage collector looks after each.
 */
export interface CallSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
