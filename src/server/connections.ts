/**
 * The connections of an HTTP server, and how they end without a request being lost on them.
 *
 * Closing an idle connection races with the next request on it: a load balancer that has just sent one finds the
 * connection closed, cannot know whether the request took effect, and must not send a POST again. So nothing is closed
 * under a client that uses it. First nobody can connect any more, which is safe to try elsewhere; then each answer says
 * `Connection: close`, after which its client sends nothing more there; and only those are closed that have been quiet
 * for a while.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';

export interface ClosingLimits {
  /** Of silence, after which a connection without a request is closed. */
  readonly quietMs: number;
}

export const CLOSING_LIMITS: ClosingLimits = { quietMs: 1_500 };

const CHECK_MS = 50;
const SHORT_TURN_MS = 0.3;
/** A process that is never idle closes all the same. */
const TURNS_MAX = 100;

interface Connection {
  /** Answers that were under way when the last request came, and its own. Usually one. */
  answers: ServerResponse[];
  /** When a request was last seen to come or to be under way, by the monotonic clock. */
  usedMs: number;
}

export class Connections {
  readonly #server: Server;
  readonly #limits: ClosingLimits;
  readonly #connections = new Map<Socket, Connection>();
  /** With TLS: the connection that lies beneath what requests come on. */
  readonly #beneath = new WeakMap<Socket, Socket>();
  #isClosing = false;

  /** Follows the connections of a server that does not listen yet. */
  constructor(server: Server, limits: ClosingLimits) {
    this.#server = server;
    this.#limits = limits;
    server.on('connection', (socket: Socket) => {
      this.#connections.set(socket, { answers: [], usedMs: performance.now() });
      socket.once('close', () => this.#connections.delete(socket));
    });
    if (server instanceof TlsServer) this.#followHandshakes(server);
    // Before the one who answers.
    for (const event of ['request', 'checkExpectation']) {
      server.prependListener(event, (request: IncomingMessage, response: ServerResponse) => {
        this.#answering(request.socket, response);
      });
    }
  }

  /**
   * The answers that are under way on a connection, in the order of their requests; and the last one, though it may be
   * finished, when its request has not come to its end.
   */
  underWay(socket: Socket): readonly ServerResponse[] {
    const { answers } = this.#connectionOf(socket) ?? { answers: [] };
    return answers.filter((answer) => isUnderWay(answer) || !answer.req.complete);
  }

  /** Stops listening; resolves when all connections have ended. A client that never finishes holds it up. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#isClosing = true;
    for (const { answers } of this.#connections.values()) answers.forEach(announceEnd);
    // Those who have connected by now have been accepted then; whoever has not is refused, and has sent nothing.
    await eventsHandled();
    // That of HTTP would close the idle ones as well.
    NetServer.prototype.close.call(this.#server);
    const startMs = performance.now();
    while (this.#connections.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, CHECK_MS));
      // What has arrived by now has been read then.
      await eventsHandled();
      const nowMs = performance.now();
      this.#endQuiet(nowMs, nowMs - startMs < this.#limits.quietMs);
    }
  }

  #endQuiet(nowMs: number, isTooEarly: boolean): void {
    for (const [socket, connection] of this.#connections) {
      if (connection.answers.some(isUnderWay)) connection.usedMs = nowMs;
      // Not half closed: a request that comes all the same must not take effect without an answer.
      else if (!isTooEarly && nowMs - connection.usedMs >= this.#limits.quietMs) socket.destroy();
    }
  }

  /** What is told of a secured connection is its peer, which is that of the connection beneath it. */
  #followHandshakes(server: TlsServer): void {
    const unsecured = new Map<string, Socket>();
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      unsecured.set(peer, socket);
      socket.once('close', () => {
        if (unsecured.get(peer) === socket) unsecured.delete(peer);
      });
    });
    server.prependListener('secureConnection', (secured: Socket) => {
      const beneath = unsecured.get(peerOf(secured));
      if (beneath !== undefined) this.#beneath.set(secured, beneath);
    });
  }

  #connectionOf(socket: Socket): Connection | undefined {
    return this.#connections.get(this.#beneath.get(socket) ?? socket);
  }

  #answering(socket: Socket, response: ServerResponse): void {
    const connection = this.#connectionOf(socket);
    if (connection === undefined) return;
    // Told apart here and not by an event of each answer: this is on the way of every request.
    const [only] = connection.answers;
    if (connection.answers.length === 1 && only !== undefined && !isUnderWay(only))
      connection.answers[0] = response;
    else connection.answers = [...connection.answers.filter(isUnderWay), response];
    connection.usedMs = performance.now();
    if (this.#isClosing) announceEnd(response);
  }
}

function isUnderWay(response: ServerResponse): boolean {
  return !response.writableFinished && !response.destroyed;
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Node then adds the header by itself, and closes the connection behind the answer. */
function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}

/**
 * What has arrived by now has been read, and hardly anything since: resolves right behind a turn of the event loop that
 * was short. What comes while a long one goes on would be met unread by whatever is closed at its end.
 */
async function eventsHandled(): Promise<void> {
  for (let turns = 0; turns < TURNS_MAX; turns += 1) {
    const startMs = performance.now();
    await new Promise((resolve) => setImmediate(resolve));
    if (performance.now() - startMs < SHORT_TURN_MS) return;
  }
}
