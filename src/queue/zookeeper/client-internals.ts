/**
 * What `guarded-client.ts` relies on inside node-zookeeper-client 1.1.3, as types and as checks. The package's
 * version is pinned; the checks turn any other version, or a patched one, into a clear failure at start-up instead
 * of guards that silently no longer guard.
 */

import assert from 'node:assert';
import type { Socket } from 'node:net';
import type { ServerAddress } from './address.ts';
import type { Watches } from './watches.ts';

/** The manager numbers it, in its header, right before it asks for its bytes. */
export interface Request {
  readonly header: { readonly xid: number } | null;
  toBuffer(): Buffer;
  /** Of requests of ours: from the whole frame of a reply without an error to its payload. Throws at garbage. */
  decode?(frame: Buffer): unknown;
}

export interface Packet {
  readonly request: Request;
  readonly callback: Callback | undefined;
}

export type Callback = (error: unknown, response?: Response) => void;

export interface Response {
  readonly header: { readonly err: number };
  readonly payload: unknown;
}

export interface ConnectionManager {
  servers: readonly ServerAddress[];
  socket: Socket | undefined;
  state: number;
  sessionId: Buffer;
  sessionTimeout: number;
  xid: number;
  zxid: Buffer;
  pendingBuffer: Buffer | null;
  watcherManager: Watches;
  readonly packetQueue: { queue: Packet[] };
  readonly pendingQueue: Packet[];
  connect(): void;
  close(): void;
  queue(request: Request, callback?: Callback): void;
  setState(state: number): void;
  onSocketConnected(): void;
  onSocketData(bytes: Buffer): void;
  onSocketDrain(): void;
  onSocketTimeout(): void;
  onSocketClosed(hadError: boolean): void;
}

/** The manager's states that matter here. */
export const managerState = { connecting: 1, connected: 2 } as const;

const managerMethods = [
  'connect',
  'close',
  'queue',
  'setState',
  'onSocketConnected',
  'onSocketData',
  'onSocketDrain',
  'onSocketTimeout',
  'onSocketClosed',
];

/** The client's connection manager, after checking that it is the one that the guards were written for. */
export function connectionManagerOf(client: object): ConnectionManager {
  const { connectionManager: manager } = client as { connectionManager?: ConnectionManager };
  assert.ok(manager, 'node-zookeeper-client: no connection manager');
  const members = manager as unknown as Record<string, unknown>;
  for (const name of managerMethods) expectInternal(typeof members[name] === 'function', name);
  expectInternal(manager.xid === 0, 'xid');
  expectInternal(Buffer.isBuffer(manager.zxid) && manager.zxid.length === 8, 'zxid');
  expectInternal(manager.pendingBuffer === null, 'pendingBuffer');
  expectInternal(Array.isArray(manager.pendingQueue), 'pendingQueue');
  expectInternal(Array.isArray(manager.packetQueue?.queue), 'packetQueue');
  expectInternal(Array.isArray(manager.servers), 'servers');
  expectInternal(typeof manager.watcherManager?.registerExistenceWatcher === 'function', 'watcherManager');
  return manager;
}

function expectInternal(isAsExpected: boolean, name: string): void {
  assert.ok(isAsExpected, `node-zookeeper-client is not the version that the guards are for: ${name}`);
}
