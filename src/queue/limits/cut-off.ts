/**
 * How long this gateway has been without the ensemble. For a while requests wait, since a server is soon replaced by
 * another one, and a leader soon elected. After that the gateway is likely to be cut off alone: it refuses requests at
 * once, so that clients and the load balancer turn to another one.
 */
import type { Timers } from '../runtime/runtime.ts';
import type { Store } from '../zookeeper/store.ts';

/** Begins to follow the connection. @returns for how many ms there has been none; 0 while there is one */
export function watchForCutOff(
  store: Pick<Store, 'state' | 'onState'>,
  timers: Pick<Timers, 'monotonicMs'>,
): () => number {
  let sinceMs: number | undefined;
  const note = (isConnected: boolean) => {
    sinceMs = isConnected ? undefined : (sinceMs ?? timers.monotonicMs());
  };
  note(store.state === 'connected');
  store.onState((state) => note(state === 'connected'));
  return () => (sinceMs === undefined ? 0 : timers.monotonicMs() - sinceMs);
}
