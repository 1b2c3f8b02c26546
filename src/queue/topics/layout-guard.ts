/**
 * The store as the rest of the engine sees it: connected only while the tree is known to have a layout that this version
 * knows. It reads the layout first on every connection, before any other request is sent, and watches it from then on.
 *
 *     looking    no connection, or the layout is not read yet: requests fail as without a connection
 *     open       the layout is known: requests go to the store
 *     stopped    the layout is another one, or gone: requests fail for good
 *
 * A stopped gateway serves again only when it is started again, also when the layout it knows comes back: what it
 * remembers of the tree may be wrong by then. A layout that is gone is not made again either. Somebody has removed the
 * tree, and may be about to put another one there.
 *
 * A write that was sent before the news came cannot be called back. So whoever changes a layout sets its node first, and
 * touches the rest when every gateway has stopped.
 */

import type { CallSignal } from '../model/call-signal.ts';
import type { Logger } from '../model/logger.ts';
import type { Timers } from '../runtime/runtime.ts';
import { LAYOUT_PATH } from '../zookeeper/paths.ts';
import * as port from '../zookeeper/store.ts';
import { LAYOUT_VERSION, layoutVersion, makeLayout } from './layout.ts';

/** Between attempts to read the layout, or to make it. */
const LOOK_AGAIN_MS = 100;

export interface LayoutGuardOptions {
  readonly store: port.Store;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Called once, when it stops. */
  readonly onStopped: () => void;
}

export class LayoutGuard implements port.Store {
  readonly #options: LayoutGuardOptions;
  readonly #store: port.Store;
  readonly #listeners = new Set<(state: port.StoreState) => void>();
  readonly #closing = new AbortController();
  readonly #stopListening: () => void;
  #phase: 'looking' | 'open' | 'stopped' = 'looking';
  /** Whether this gateway has found a layout before: then it does not make one. */
  #wasOpen = false;
  /** Since the layout was last read it has changed, or the connection was lost. */
  #isChanged = true;
  #noticeChange = () => {};
  #toldState: port.StoreState;

  constructor(options: LayoutGuardOptions) {
    this.#options = options;
    this.#store = options.store;
    this.#toldState = this.state;
    this.#stopListening = options.store.onState((state) => {
      if (state !== 'connected') this.#onChange();
      this.#tellState();
    });
    void this.#follow();
  }

  get isStopped(): boolean {
    return this.#phase === 'stopped';
  }

  get state(): port.StoreState {
    const { state } = this.#store;
    return state === 'connected' && this.#phase !== 'open' ? 'suspended' : state;
  }

  get packet(): port.PacketLimits {
    return this.#store.packet;
  }

  get counters(): port.StoreCounters {
    return this.#store.counters;
  }

  now(): number {
    return this.#store.now();
  }

  onState(listener: (state: port.StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async whenConnected(signal: CallSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (this.state === 'connected') return;
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void) => {
        stop();
        signal.removeEventListener('abort', abort);
        settle();
      };
      const abort = () => finish(() => reject(signal.reason));
      const stop = this.onState((state) => state === 'connected' && finish(resolve));
      signal.addEventListener('abort', abort);
    });
  }

  read(path: string, options?: port.ReadOptions): Promise<port.NodeData | undefined> {
    return this.#phase === 'open' ? this.#store.read(path, options) : this.#refuse();
  }

  stat(path: string, options?: port.CallOptions): Promise<port.NodeStat | undefined> {
    return this.#phase === 'open' ? this.#store.stat(path, options) : this.#refuse();
  }

  list(path: string, options?: port.ReadOptions): Promise<port.NodeChildren | undefined> {
    return this.#phase === 'open' ? this.#store.list(path, options) : this.#refuse();
  }

  commit(writes: readonly port.Write[], options?: port.CallOptions): Promise<port.CommitResult> {
    return this.#phase === 'open' ? this.#store.commit(writes, options) : this.#refuse();
  }

  barrier(options?: port.CallOptions): Promise<void> {
    return this.#phase === 'open' ? this.#store.barrier(options) : this.#refuse();
  }

  /** Ends the watching. The store stays its owner's. */
  close(): void {
    this.#closing.abort();
    this.#stopListening();
    this.#noticeChange();
  }

  #refuse(): Promise<never> {
    const why = this.isStopped ? 'the layout is not known' : 'the layout is being looked at';
    return Promise.reject(new port.StoreError('unavailable', `nothing was sent: ${why}`));
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && !this.isStopped) {
      try {
        await this.#store.whenConnected(signal);
        await this.#look();
        await this.#changed();
      } catch (error) {
        if (!(error instanceof port.StoreError) && !signal.aborted) throw error;
        await new Promise<void>((resolve) => void this.#options.timers.after(LOOK_AGAIN_MS, resolve));
      }
    }
  }

  /** The store has put a write through since it connected, so what it reads is not older than the connection. */
  async #look(): Promise<void> {
    this.#isChanged = false;
    const node = await this.#store.read(LAYOUT_PATH, { watch: this.#onChange });
    if (node === undefined && !this.#wasOpen) {
      await makeLayout(this.#store);
      // Read again, and watched: another version's gateway may have been first.
      this.#isChanged = true;
      return;
    }
    const version = node && layoutVersion(node.data);
    if (version !== LAYOUT_VERSION) this.#stop(node === undefined ? 'none' : (version ?? 'unreadable'));
    else if (!this.#isChanged) this.#enter('open');
  }

  readonly #onChange = (): void => {
    this.#isChanged = true;
    if (this.#phase === 'open') this.#enter('looking');
    this.#noticeChange();
  };

  async #changed(): Promise<void> {
    if (this.#isChanged || this.isStopped || this.#closing.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#noticeChange = resolve;
    });
  }

  #stop(found: unknown): void {
    this.#options.logger.error(
      { found, known: LAYOUT_VERSION },
      'the tree in ZooKeeper does not have the layout that this zoogate knows: it serves nothing until it is restarted',
    );
    this.#enter('stopped');
    this.#options.onStopped();
  }

  #enter(phase: 'looking' | 'open' | 'stopped'): void {
    this.#phase = phase;
    if (phase === 'open') this.#wasOpen = true;
    this.#tellState();
  }

  #tellState(): void {
    const { state } = this;
    if (state === this.#toldState) return;
    this.#toldState = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}
