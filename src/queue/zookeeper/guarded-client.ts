/**
 * One node-zookeeper-client object, made safe. The only file that imports the package and touches its internals;
 * every change is made to this one object, none to the package.
 *
 * It owns one session: connects (the socket is made here), reconnects for ever to one server after another, and is
 * of no more use once `expired` was reported. Replies come through callbacks that get a code instead of exceptions:
 * any code that the ensemble may invent, 0 for success, `connectionLoss` when the connection went first.
 *
 *   guarded here                                            by
 *   version 0 becomes "any" in transactions                 setting the version on the operation afterwards
 *   bytes of a dead connection precede those of the next    a FrameReader for each connection
 *   a server that falls silent                              Heartbeat
 *   a server that accepts but never shakes hands            one timer from connecting to the end of the handshake
 *   requests that wait and run later                        nothing is sent unless `isWritable`; purge on close
 *   unknown error codes and garbage throw                   errors answered here; any throw ends the connection
 *   request numbers beyond 2^31                             xid wraps to 1
 *   deep recursion and quadratic copying                    whole frames, one at a time
 *   close() hanging                                         bounded, in every state
 *   watches re-sent in one packet, watcher leaks            Watches in place of the client's watcher manager
 *   a restored ensemble refuses "clients from the future"   no zxid is claimed: a barrier follows each connection
 */

import { connect, type Socket } from 'node:net';
import { type Client, CreateMode, createClient } from 'node-zookeeper-client';
import type { ServerAddress } from './address.ts';
import {
  type Callback,
  type ConnectionManager,
  connectionManagerOf,
  managerState,
  transactionOf,
} from './client-internals.ts';
import { codes, ReplyError, replyCode } from './codes.ts';
import { FrameReader } from './frames.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Logger } from './logger.ts';
import type { RawStat } from './node-stat.ts';
import { ServerRotation } from './server-rotation.ts';
import type { Write } from './store.ts';
import type { WatchClaim, Watches } from './watches.ts';

export interface ClientEvents {
  /** Requests may be sent. */
  connected(): void;
  /** Every request without a reply has been failed; it reconnects by itself. */
  disconnected(): void;
  /** The session is over, or was refused; make another client. */
  expired(): void;
  /** The socket takes more after it was full. */
  drained(): void;
}

export interface GuardedClientOptions {
  readonly servers: readonly ServerAddress[];
  readonly sessionTimeoutMs: number;
  readonly watches: Watches;
  readonly events: ClientEvents;
  readonly logger: Logger;
  readonly monotonicNow: () => number;
  readonly random: () => number;
  /** Number of the first request, for tests of what happens at the end of their range. */
  readonly firstXid?: number;
}

/** A reply: code 0 and a value, or another code. */
export type Reply<T> = (code: number, value?: T) => void;

/** One operation's result in the reply to a transaction; type -1 carries an error. */
export interface RawResult {
  readonly type: number;
  readonly path?: string;
  readonly stat?: RawStat;
  readonly err?: number;
}

const closeTimeoutMs = 1_000;
const xidMax = 0x7fff_ffff;
/** A ping has no body, and no place in the order of requests. */
const pingFrame = Buffer.from('00000008fffffffe0000000b', 'hex');

export class GuardedClient {
  readonly #options: GuardedClientOptions;
  readonly #client: Client;
  readonly #manager: ConnectionManager;
  readonly #rotation: ServerRotation;
  #attemptTimer: NodeJS.Timeout | undefined;
  #handshakeTimer: NodeJS.Timeout | undefined;
  #heartbeat: Heartbeat | undefined;
  #isClosing = false;
  #closed: Promise<void> | undefined;

  constructor(options: GuardedClientOptions) {
    this.#options = options;
    this.#rotation = new ServerRotation(options.servers, options.random);
    // The address is never used: sockets are made here, from addresses that were parsed here.
    this.#client = createClient('guarded', { sessionTimeout: options.sessionTimeoutMs, retries: 0 });
    this.#manager = connectionManagerOf(this.#client);
    this.#guard(this.#manager);
    this.#client.on('connected', () => this.#onConnected());
    this.#client.on('disconnected', () => options.events.disconnected());
    for (const event of ['expired', 'authenticationFailed']) this.#client.on(event, () => this.#onExpired());
  }

  /** Whether the handshake is done and the connection up. The client notices its end later than the socket. */
  get isOpen(): boolean {
    const { state, socket } = this.#manager;
    return state === managerState.connected && !this.#isClosing && socket?.writable === true;
  }

  /** Whether a request that is sent now goes to the socket at once. */
  get isWritable(): boolean {
    return this.isOpen && this.#manager.socket?.writableNeedDrain === false;
  }

  get sessionId(): Buffer {
    return this.#client.getSessionId();
  }

  get sessionPassword(): Buffer {
    return this.#client.getSessionPassword();
  }

  connect(): void {
    this.#manager.connect();
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

  getData(path: string, claim: WatchClaim | undefined, reply: Reply<{ data: Buffer; stat: RawStat }>): void {
    const done = (error: unknown, data: Buffer | undefined, stat: RawStat) =>
      reply(replyCode(error), { data: data ?? Buffer.alloc(0), stat });
    if (claim) this.#client.getData(path, claim, done);
    else this.#client.getData(path, done);
  }

  exists(path: string, claim: WatchClaim | undefined, reply: Reply<RawStat | undefined>): void {
    const done = (error: unknown, stat: RawStat | null) => reply(replyCode(error), stat ?? undefined);
    if (claim) this.#client.exists(path, claim, done);
    else this.#client.exists(path, done);
  }

  getChildren(
    path: string,
    claim: WatchClaim | undefined,
    reply: Reply<{ children: string[]; stat: RawStat }>,
  ): void {
    const done = (error: unknown, children: string[], stat: RawStat) =>
      reply(replyCode(error), { children, stat });
    if (claim) this.#client.getChildren(path, claim, done);
    else this.#client.getChildren(path, done);
  }

  create(path: string, reply: Reply<undefined>): void {
    this.#client.create(path, Buffer.alloc(0), (error) => reply(replyCode(error)));
  }

  setData(path: string, data: Buffer, reply: Reply<RawStat>): void {
    this.#client.setData(path, data, (error, stat) => reply(replyCode(error), stat));
  }

  /** One transaction. The code is 0 when its reply tells the result of each operation, failed ones included. */
  multi(writes: readonly Write[], reply: Reply<readonly RawResult[]>): void {
    const builder = this.#client.transaction();
    const transaction = transactionOf(builder);
    for (const write of writes) {
      if (write.kind === 'create') {
        const mode = write.sequential ? CreateMode.PERSISTENT_SEQUENTIAL : CreateMode.PERSISTENT;
        builder.create(write.path, write.data, mode);
        continue;
      }
      if (write.kind === 'set') builder.setData(write.path, write.data, write.version);
      else if (write.kind === 'check') builder.check(write.path, write.version);
      else builder.remove(write.path, write.version);
      // The builder takes 0 for "not given" and makes it -1, any version.
      const operation = transaction.ops.at(-1);
      if (operation) operation.version = write.version;
    }
    // The builder's own handling of the reply throws at codes that it does not know.
    transaction.connectionManager = {
      queue: (request) =>
        this.#manager.queue(request, (error, response) => {
          const payload = response?.payload as { results: readonly RawResult[] } | null | undefined;
          reply(replyCode(error), payload?.results ?? []);
        }),
    };
    builder.commit(() => {});
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
    manager.queue = (request, callback) => original.queue.call(manager, request, this.#wrapped(callback));
    manager.onSocketClosed = (hadError) => {
      clearTimeout(this.#handshakeTimer);
      this.#heartbeat?.stop();
      manager.packetQueue.queue = [];
      manager.pendingBuffer = null;
      manager.zxid = Buffer.alloc(8);
      original.onSocketClosed.call(manager, hadError);
    };
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
    const socket = connect({ host: server.host, port: server.port, noDelay: true });
    manager.socket = socket;
    const timeoutMs = Math.max(1_000, manager.sessionTimeout / this.#options.servers.length);
    this.#handshakeTimer = setTimeout(() => this.drop('no handshake in time'), timeoutMs);
    socket.on('connect', () => manager.onSocketConnected());
    socket.on('data', (bytes) => this.#onData(socket, frames, bytes));
    socket.on('drain', () => {
      manager.onSocketDrain();
      this.#options.events.drained();
    });
    socket.on('error', (err) =>
      this.#options.logger.debug({ err, server }, 'connection to ZooKeeper failed'),
    );
    socket.on('close', (hadError) => manager.onSocketClosed(hadError));
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

  /** Gives the client one whole frame; replies with an error are answered here, whatever their code. */
  #onFrame(frame: Buffer): void {
    const manager = this.#manager;
    if (manager.state !== managerState.connecting) {
      const xid = frame.readInt32BE(4);
      const code = frame.readInt32BE(16);
      if (xid > 0 && code !== codes.ok) {
        const packet = manager.pendingQueue.shift();
        if (packet?.request.header?.xid !== xid) throw new Error(`a reply to ${xid} came out of order`);
        packet.callback?.(new ReplyError(code), { header: { err: code }, payload: null });
        return;
      }
    }
    manager.onSocketData(frame);
  }

  #onConnected(): void {
    const { events, logger, monotonicNow } = this.#options;
    const { socket, sessionTimeout } = this.#manager;
    clearTimeout(this.#handshakeTimer);
    this.#heartbeat = new Heartbeat({
      sessionTimeoutMs: sessionTimeout,
      monotonicNow,
      ping: () => socket?.write(pingFrame),
      giveUp: (silenceMs) => this.drop(`no byte for ${Math.round(silenceMs)} ms`),
    });
    logger.debug({ sessionTimeoutMs: sessionTimeout, server: socket?.remoteAddress }, 'shook hands');
    events.connected();
  }

  /** Called once the rotation may start afresh: the connection has proved to be of use. */
  confirm(): void {
    this.#rotation.reset();
  }

  #onExpired(): void {
    this.#isClosing = true;
    this.#manager.socket?.destroy();
    this.#options.events.expired();
  }
}
