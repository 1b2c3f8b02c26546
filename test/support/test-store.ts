/** Opens real stores for tests: short time-outs, connected before they are handed over, and able to be expired. */

import { once } from 'node:events';
import { connect } from 'node:net';
import type { Logger } from '../../src/queue/model/logger.ts';
import { type OpenStoreOptions, openStore, type ZooKeeperStore } from '../../src/queue/zookeeper/session.ts';
import type { StoreState } from '../../src/queue/zookeeper/store.ts';

/** Longest that a test waits for a condition that must come about. */
export const patienceMs = 20_000;

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** For looking at a test that fails. */
export const printingLogger: Logger = {
  debug: (details, message) => console.log(message, details),
  info: (details, message) => console.log(message, details),
  warn: (details, message) => console.log(message, details),
  error: (details, message) => console.log(message, details),
};

export type TestStoreOptions = Partial<Omit<OpenStoreOptions, 'connectionString'>>;

/** A store that may not be connected yet. */
export function openUnconnected(connectionString: string, options: TestStoreOptions = {}): ZooKeeperStore {
  const defaults = { sessionTimeoutMs: 3_000, requestTimeoutMs: 10_000, logger: silentLogger };
  return openStore({ ...defaults, ...options, connectionString });
}

/** A store that is connected. */
export async function openTestStore(
  connectionString: string,
  options: TestStoreOptions = {},
): Promise<ZooKeeperStore> {
  const store = openUnconnected(connectionString, options);
  try {
    await connected(store);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

export function connected(store: ZooKeeperStore): Promise<void> {
  return store.whenConnected(AbortSignal.timeout(patienceMs));
}

/** Resolves once the store enters the state. Ask before the event that brings it about. */
export async function entered(store: ZooKeeperStore, state: StoreState): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it is ${store.state}, not ${state}`)), patienceMs);
    const stop = store.onState((current) => {
      if (current !== state) return;
      clearTimeout(timer);
      stop();
      resolve();
    });
  });
}

/** The session's name and secret, as its owner sends them when it connects. */
export interface SessionCredentials {
  readonly sessionId: Buffer;
  readonly password: Buffer;
}

/** Ends a session behind its owner's back: takes it over on a connection of our own, and closes it. */
export async function expireSession(
  port: number,
  { sessionId, password }: SessionCredentials,
): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const connectRequest = Buffer.alloc(28);
  connectRequest.writeInt32BE(3_000, 12);
  sessionId.copy(connectRequest, 16);
  connectRequest.writeInt32BE(password.length, 24);
  const body = Buffer.concat([connectRequest, password]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  socket.write(Buffer.concat([length, body]));
  await once(socket, 'data');
  socket.write(Buffer.from('0000000800000001fffffff5', 'hex'));
  socket.resume();
  await once(socket, 'close');
}
