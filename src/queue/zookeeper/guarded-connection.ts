/**
 * The connection of one client object, made safe: sockets, handshakes, frames, silence, and what becomes of requests
 * when it ends. It works on the client's connection manager, this one object only.
 *
 *   guarded here                                            by
 *   bytes of a dead connection precede those of the next    a FrameReader for each connection
 *   a server that falls silent                              Heartbeat
 *   a server that accepts but never shakes hands            one timer from connecting to the end of all handshakes
 *   requests that wait and run later                        nothing is sent unless `isWritable`; purge on close
 *   unknown error codes and garbage throw                   errors answered here; any throw ends the connection
 *   request numbers beyond 2^31                             xid wraps to 1
 *   deep recursion and quadratic copying                    whole frames, one at a time
 *   close() hanging                                         bounded, in every state
 *   watches re-sent in one packet, watcher leaks            Watches in place of the client's watcher manager
 *   a restored ensemble refuses "clients from the future"   no zxid is claimed: a barrier follows each connection
 */

import type { Socket } from 'node:net';
import type { Logger } from '../model/logger.ts';
import type { ServerAddress } from './address.ts';
import { type Callback, type ConnectionManager, managerState } from './client-internals.ts';
import { codes, ReplyError } from './codes.ts';
import { connectionFailure } from './connection-failures.ts';
import type { EnsembleSockets } from './ensemble-sockets.ts';
import { FrameReader } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import { ServerRotation } from './server-rotation.ts';
import type { WarningLog } from './warning-log.ts';
import type { Watches } from './watches.ts';

export interface ConnectionOptions {
  readonly servers: readonly ServerAddress[];
  readonly sockets: EnsembleSockets;
  readonly watches: Watches;
  readonly logger: Logger;
  readonly warnings: WarningLog;
  readonly monotonicNow: () => number;
  readonly random: () => number;
  /** Number of the first request, for tests of what happens at the end of their range. */
  readonly firstXid?: number;
  /** The socket takes more after it was full. */
  readonly drained: () => void;
}

const closeTimeoutMs = 1_000;
const handshakeTimeoutMsMin = 1_000;
const xidMax = 0x7fff_ffff;
/** A ping has no body, and no place in the order of requests. */
const pingFrame = Buffer.from('00000008fffffffe0000000b', 'hex');

export class GuardedConnection {
  readonly #options: ConnectionOptions;
  readonly #manager: ConnectionManager;
  readonly #rotation: ServerRotation;
  #attemptTimer: NodeJS.Timeout | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #heartbeat: Heartbeat | undefined;
  #isClosing = false;
  #closed: Promise<void> | undefined;

  constructor(manager: ConnectionManager, options: ConnectionOptions) {
    this.#manager = manager;
    this.#options = options;
    this.#rotation = new ServerRotation(options.servers, options.random);
    this.#guard(manager);
  }

  /** Whether the handshake is done and the connection up. The client notices its end later than the socket. */
  get isOpen(): boolean {
    const { state, socket } = this.#manager;
    return state === managerState.connected && !this.#isClosing && socket?.writable === true;
  }

  /** Whether a request that is sent now goes to the socket, in this turn of the event loop. */
  get isWritable(): boolean {
    return this.isOpen && this.#manager.socket?.writableNeedDrain === false;
  }

  /** The handshake is done. */
  shookHands(): void {
    const { logger, monotonicNow } = this.#options;
    const { socket, sessionTimeout } = this.#manager;
    clearTimeout(this.#handshakeTimer);
    this.#heartbeat = new Heartbeat({
      sessionTimeoutMs: sessionTimeout,
      monotonicNow,
      ping: () => socket?.write(pingFrame),
      giveUp: (silenceMs) => this.drop(`no byte for ${Math.round(silenceMs)} ms`),
    });
    logger.debug({ sessionTimeoutMs: sessionTimeout, server: socket?.remoteAddress }, 'shook hands');
  }

  /** The connection has proved to be of use: after it, the search for a server starts without delay. */
  confirm(): void {
    this.#rotation.reset();
  }

  /** There will be no other connection, and no session to end. */
  abandon(): void {
    this.#isClosing = true;
    // Nobody waits for the socket's end, so nothing may be left for it to clear.
    clearTimeout(this.#handshakeTimer);
    this.#heartbeat?.stop();
    this.#manager.socket?.destroy();
  }

  /** Ends the connection, not the session. */
  drop(reason: string): void {
    this.#options.logger.warn({ reason }, 'dropping the connection to ZooKeeper');
    this.#manager.socket?.destroy();
  }

  /** Ends the session if it can be done soon, and the connection in any case. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#attemptTimer);
    const { socket, state } = this.#manager;
    if (!socket || socket.closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), closeTimeoutMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (state === managerState.connected) this.#manager.close();
      else socket.destroy();
    });
  }

  #guard(manager: ConnectionManager): void {
    const original = { queue: manager.queue, onSocketClosed: manager.onSocketClosed };
    manager.servers = this.#options.servers;
    manager.watcherManager = this.#options.watches;
    let xid = this.#options.firstXid ?? 1;
    Object.defineProperty(manager, 'xid', {
      get: () => xid,
      // Numbers below 0 belong to pings, events and authentication.
      set: (next: number) => {
        xid = next > xidMax ? 1 : next;
      },
    });
    manager.connect = () => this.#connectLater();
    manager.onSocketTimeout = () => {};
    manager.queue = (request, callback) => {
      this.#cork(manager.socket);
      original.queue.call(manager, request, this.#wrapped(callback));
    };
    manager.onSocketClosed = (hadError) => {
      clearTimeout(this.#handshakeTimer);
      this.#heartbeat?.stop();
      manager.packetQueue.queue = [];
      manager.pendingBuffer = null;
      manager.zxid = Buffer.alloc(8);
      original.onSocketClosed.call(manager, hadError);
    };
  }

  /**
   * What is sent in one turn of the event loop goes to the socket in one piece: each costs a system call, and many queues
   * have requests of their own in each turn.
   */
  #cork(socket: Socket | undefined): void {
    if (socket === undefined || socket.writableCorked > 0) return;
    socket.cork();
    setImmediate(() => socket.uncork());
  }

  #wrapped(callback: Callback = () => {}): Callback {
    return (error, response) => {
      try {
        callback(error, response);
      } catch (thrown) {
        this.#options.logger.error({ err: thrown }, 'a reply of ZooKeeper could not be handled');
        this.drop('a reply could not be handled');
      }
    };
  }

  #connectLater(): void {
    if (this.#isClosing) return;
    this.#manager.setState(managerState.connecting);
    const { server, delayMs } = this.#rotation.next();
    this.#attemptTimer = setTimeout(() => this.#attempt(server), delayMs);
  }

  #attempt(server: ServerAddress): void {
    const manager = this.#manager;
    const frames = new FrameReader();
    const { socket, readyEvent } = this.#options.sockets.open(server);
    manager.socket = socket;
    const timeoutMs = Math.max(handshakeTimeoutMsMin, manager.sessionTimeout / this.#options.servers.length);
    this.#handshakeTimer = setTimeout(() => socket.destroy(new Error('no handshake in time')), timeoutMs);
    socket.on(readyEvent, () => manager.onSocketConnected());
    socket.on('data', (bytes) => this.#onData(socket, frames, bytes));
    socket.on('drain', () => {
      manager.onSocketDrain();
      this.#options.drained();
    });
    let reason = 'it was ended before the handshake';
    socket.on('error', (error) => {
      reason = connectionFailure(error);
    });
    socket.on('close', (hadError) => {
      if (manager.state === managerState.connecting && !this.#isClosing) this.#tellFailure(server, reason);
      manager.onSocketClosed(hadError);
    });
  }

  #tellFailure({ host, port }: ServerAddress, reason: string): void {
    const details = { server: `${host}:${port}`, reason };
    this.#options.warnings.warn(details, 'no connection to this server of ZooKeeper');
  }

  #onData(socket: Socket, frames: FrameReader, bytes: Buffer): void {
    this.#heartbeat?.heard();
    try {
      frames.push(bytes, (frame) => {
        this.#onFrame(frame);
        return !socket.destroyed;
      });
    } catch (err) {
      this.#options.logger.error({ err }, 'ZooKeeper sent something that cannot be parsed');
      socket.destroy();
    }
  }

  /** Gives the client one whole frame; replies with an error, and to requests of ours, are answered here. */
  #onFrame(frame: Buffer): void {
    const manager = this.#manager;
    const xid = manager.state === managerState.connecting ? 0 : frame.readInt32BE(4);
    if (xid > 0) {
      const code = frame.readInt32BE(16);
      const [packet] = manager.pendingQueue;
      const decode = packet?.request.decode;
      if (code !== codes.ok || decode !== undefined) {
        // It stays in the queue until it has been understood: with the connection it fails like all others.
        if (packet?.request.header?.xid !== xid) throw new Error(`a reply to ${xid} came out of order`);
        const payload = code === codes.ok ? decode?.(frame) : null;
        manager.pendingQueue.shift();
        packet.callback?.(code === codes.ok ? null : new ReplyError(code), {
          header: { err: code },
          payload,
        });
        return;
      }
    }
    manager.onSocketData(frame);
  }
}
