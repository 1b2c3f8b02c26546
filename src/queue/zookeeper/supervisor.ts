/**
 * Keeps a session with the ensemble, for ever, and tells what may be believed at the moment.
 *
 *                     handshake, then established
 *   suspended ───────────────────────────────────────▶ connected
 *    ▲  ▲  │                                              │
 *    │  │  │ session over                connection lost  │
 *    │  │  ▼                                              │
 *    │ lost (a new client is made at once)                │
 *    └────────────────────────────────────────────────────┘
 *
 * Established means that a write went through on this very connection: all that was sent on earlier ones has taken
 * effect or never will, and reads see at least what they saw before, also in a new session on another server. Only
 * then is the state `connected`. When it ends, in this order: the state changes, every call fails, every watch
 * fires, the listeners are told.
 */

import type { CallSignal } from '../model/call-signal.ts';
import type { Logger } from '../model/logger.ts';
import type { Credentials } from './acl.ts';
import type { ServerAddress } from './address.ts';
import type { Calls } from './calls.ts';
import type { EnsembleSockets } from './ensemble-sockets.ts';
import { GuardedClient } from './guarded-client.ts';
import type { StoreState } from './store.ts';
import type { WarningLog } from './warning-log.ts';
import { Watches } from './watches.ts';

export interface SupervisorOptions {
  readonly servers: readonly ServerAddress[];
  readonly sockets: EnsembleSockets;
  readonly sessionTimeoutMs: number;
  readonly credentials: readonly Credentials[];
  readonly logger: Logger;
  readonly warnings: WarningLog;
  readonly monotonicNow: () => number;
  readonly random: () => number;
  readonly firstXid?: number;
  readonly calls: Calls;
  /** Puts a write through on a new connection, and whatever has to be there first. */
  readonly establish: (client: GuardedClient) => Promise<void>;
}

/** A new session is made soon, but not by all gateways in the same moment. */
const renewalDelayMsMax = 100;
/** Something is wrong that takes an operator, such as missing rights or a quota: not worth a hurry. */
const unusableDelayMsMax = 2_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #listeners = new Set<(state: StoreState) => void>();
  readonly #watches = new Watches((listener) => this.#callLater(listener));
  #client: GuardedClient;
  #state: StoreState = 'suspended';
  /** Counts connections, so that what belongs to an earlier one is recognised. */
  #connection = 0;
  #isClosed = false;
  /** For the next step, when there is one to come. */
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#client = this.#newClient();
  }

  get state(): StoreState {
    return this.#state;
  }

  get client(): GuardedClient {
    return this.#client;
  }

  /** Starts to connect; returns at once. */
  start(): void {
    this.#client.connect();
  }

  onState(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async whenConnected(signal: CallSignal): Promise<void> {
    if (signal.aborted) throw signal.reason;
    if (this.#state === 'connected') return;
    await new Promise<void>((resolve, reject) => {
      const finish = (settle: () => void) => {
        stop();
        signal.removeEventListener('abort', abort);
        settle();
      };
      const abort = () => finish(() => reject(signal.reason));
      const stop = this.onState(() => this.#state === 'connected' && finish(resolve));
      signal.addEventListener('abort', abort);
    });
  }

  /** Ends the session; bounded in time, in every state. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#leave('lost');
    await this.#client.close();
  }

  #newClient(): GuardedClient {
    const { calls, ...options } = this.#options;
    const ifCurrent = (handle: () => void) => () => {
      if (client === this.#client && !this.#isClosed) handle();
    };
    const client = new GuardedClient({
      ...options,
      watches: this.#watches,
      events: {
        connected: ifCurrent(() => void this.#establish(client)),
        disconnected: ifCurrent(() => this.#leave('suspended')),
        expired: ifCurrent(() => this.#renew(renewalDelayMsMax)),
        rejected: ifCurrent(() => {
          this.#options.warnings.warn(
            {},
            'ZooKeeper does not accept the credentials (authentication failed)',
          );
          this.#renew(unusableDelayMsMax);
        }),
        drained: ifCurrent(() => calls.pump()),
      },
    });
    return client;
  }

  async #establish(client: GuardedClient): Promise<void> {
    this.#connection += 1;
    const connection = this.#connection;
    const isCurrent = () => connection === this.#connection && !this.#isClosed;
    try {
      await this.#options.establish(client);
      if (!isCurrent()) return;
      client.confirm();
      this.#options.warnings.reset();
      this.#enter('connected');
    } catch (error) {
      if (!isCurrent()) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.warnings.warn({ reason }, 'connected to ZooKeeper, but it cannot be used yet');
      this.#later(unusableDelayMsMax, () => isCurrent() && client.drop('it could not be used'));
    }
  }

  #leave(state: 'suspended' | 'lost'): void {
    this.#connection += 1;
    const listeners = this.#change(state);
    this.#options.calls.interrupt();
    this.#watches.fireAll();
    this.#tell(listeners);
  }

  #enter(state: StoreState): void {
    this.#tell(this.#change(state));
  }

  /** The session is over: makes another, which may take the place of the old one at once. */
  #renew(delayMsMax: number): void {
    this.#leave('lost');
    const client = this.#newClient();
    this.#client = client;
    this.#later(delayMsMax, () => client.connect());
  }

  #later(delayMsMax: number, step: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(step, this.#options.random() * delayMsMax);
  }

  #change(state: StoreState): ((state: StoreState) => void)[] {
    if (this.#state === state) return [];
    this.#state = state;
    this.#options.logger.info({ state }, `ZooKeeper: ${state}`);
    return [...this.#listeners];
  }

  #tell(listeners: readonly ((state: StoreState) => void)[]): void {
    const state = this.#state;
    for (const listener of listeners) this.#callLater(() => listener(state));
  }

  #callLater(listener: () => unknown): void {
    this.#options.calls.deliveries.event(() => {
      try {
        listener();
      } catch (err) {
        this.#options.logger.error({ err }, 'a listener of the store failed');
      }
    });
  }
}
