/**
 * A network for tests: stands between a store and a server, knows where ZooKeeper's frames begin and end, and does
 * to them what networks and servers do at the worst moment.
 *
 *   store <-- client side --> proxy <-- server side --> server
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { FrameReader } from '../../src/queue/zookeeper/frames.ts';
import { expireSession, type SessionCredentials } from './test-store.ts';

export const opcode = { create: 1, exists: 3, getData: 4, setData: 5, getChildren: 12, multi: 14 } as const;

/** A request or a reply; handshakes are not shown to hooks. */
export interface ProxyFrame {
  /** Length field included. */
  readonly bytes: Buffer;
  readonly xid: number;
  /** Of the request, or of the request that this answers; undefined for events. */
  readonly opcode: number | undefined;
}

/** 'cut' ends the connection at once; so does `thenCut`, after the replacement went out. */
export type Verdict = 'forward' | 'drop' | 'cut' | { readonly replaceBy: Buffer; readonly thenCut?: boolean };

export type Direction = 'toServer' | 'toClient';

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly opcodes: Map<number, number>;
  readonly held: Record<Direction, Buffer[] | undefined>;
  readonly hasShaken: Record<Direction, boolean>;
  /** What is under way, in order. */
  readonly late: Record<Direction, Buffer[]>;
}

export class TcpProxy {
  onRequest: (frame: ProxyFrame) => Verdict = () => 'forward';
  onReply: (frame: ProxyFrame) => Verdict = () => 'forward';
  /** Is shown everything as it comes from either side, handshakes included. */
  onBytes: (direction: Direction, bytes: Buffer) => void = () => {};
  /** New connections are accepted, and never get a byte. */
  isSilent = false;
  /** New connections are ended at once. */
  isClosed = false;
  /** By how long everything arrives late that is passed on from now on, in each direction. */
  delayMs = 0;
  /** Of the session that shook hands last. */
  credentials: SessionCredentials | undefined;
  handshakes = 0;
  readonly port: number;
  readonly #listener: Server;
  readonly #isFramed: boolean;
  /** New connections lead there. */
  targetPort: number;
  readonly #links = new Set<Link>();

  constructor(listener: Server, targetPort: number, unit: 'frames' | 'bytes') {
    this.#listener = listener;
    this.#isFramed = unit === 'frames';
    this.targetPort = targetPort;
    this.port = (listener.address() as AddressInfo).port;
    listener.on('connection', (client) => this.#link(client));
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Connections that are there. */
  get connectionCount(): number {
    return this.#links.size;
  }

  /** Nobody listens any more, as when the server behind it has died. */
  async refuse(): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    this.cut();
    await closed;
  }

  /** Listens again, where it did. */
  async accept(): Promise<void> {
    this.#listener.listen(this.port, '127.0.0.1');
    await once(this.#listener, 'listening');
  }

  /** Ends all connections now. */
  cut(): void {
    for (const link of this.#links) this.#end(link);
  }

  /** Ends the store's side alone: what the server's side holds may still be released. */
  cutClients(): void {
    for (const link of this.#links) link.client.destroy();
  }

  /** From now on keeps back what flows in this direction on the connections that are there. */
  hold(direction: Direction): void {
    for (const link of this.#links) link.held[direction] ??= [];
  }

  /** Reads nothing more from the stores, as a server that is overwhelmed: their sockets fill up. */
  pauseClients(): void {
    for (const link of this.#links) link.client.pause();
  }

  /** Lets go what was kept back, in one piece; then ends the connections that have no client any more. */
  releaseLate(): void {
    this.release();
    for (const link of this.#links) if (link.client.destroyed) link.server.end(() => this.#end(link));
  }

  /** Lets go what was kept back, in one piece. */
  release(): void {
    for (const link of this.#links) {
      for (const direction of ['toServer', 'toClient'] as const) {
        const bytes = Buffer.concat(link.held[direction] ?? []);
        link.held[direction] = undefined;
        if (bytes.length > 0) target(link, direction).write(bytes);
      }
    }
  }

  /** The next request of this kind takes effect; its reply and the connection are lost. */
  loseNextReply(kind: number): Promise<void> {
    return new Promise((resolve) => {
      const before = this.onReply;
      this.onReply = (frame) => {
        if (frame.opcode !== kind) return before(frame);
        this.onReply = before;
        resolve();
        return 'cut';
      };
    });
  }

  /** Ends the session of the last handshake behind its owner's back, and cuts. */
  async expireSession(): Promise<void> {
    if (!this.credentials) throw new Error('nobody has shaken hands');
    const { credentials, isSilent } = this;
    // Its owner would take it back before we have closed it.
    this.isSilent = true;
    this.cut();
    await expireSession(this.targetPort, credentials);
    this.isSilent = isSilent;
    this.cut();
  }

  async close(): Promise<void> {
    if (this.#listener.listening) await this.refuse();
  }

  #link(client: Socket): void {
    if (this.isClosed) {
      client.on('error', () => {});
      client.destroy();
      return;
    }
    const server = connect(this.targetPort, '127.0.0.1');
    const held = this.isSilent
      ? { toServer: [], toClient: [] }
      : { toServer: undefined, toClient: undefined };
    const hasShaken = { toServer: false, toClient: false };
    const late = { toServer: [], toClient: [] };
    const link: Link = { client, server, opcodes: new Map(), held, hasShaken, late };
    this.#links.add(link);
    this.#pump(link, client, 'toServer');
    this.#pump(link, server, 'toClient');
    server.on('close', () => this.#end(link));
    client.on('close', () => {
      if (!link.held.toServer) this.#end(link);
    });
  }

  #pump(link: Link, from: Socket, direction: Direction): void {
    const frames = new FrameReader();
    from.on('error', () => {});
    from.on('data', (bytes) => {
      this.onBytes(direction, bytes);
      if (!this.#isFramed) this.#send(link, direction, bytes);
      else
        frames.push(bytes, (frame) => {
          this.#pass(link, direction, frame);
          return !from.destroyed;
        });
    });
  }

  #pass(link: Link, direction: Direction, bytes: Buffer): void {
    const verdict = this.#judge(link, direction, bytes);
    if (verdict === 'cut') this.#end(link);
    if (verdict === 'drop' || verdict === 'cut') return;
    const out = verdict === 'forward' ? bytes : verdict.replaceBy;
    if (link.held[direction] === undefined && typeof verdict === 'object' && verdict.thenCut)
      target(link, direction).end(out, () => this.#end(link));
    else this.#send(link, direction, out);
  }

  #send(link: Link, direction: Direction, out: Buffer): void {
    const { held } = link;
    if (held[direction]) held[direction].push(out);
    else this.#write(link, direction, out);
  }

  #write(link: Link, direction: Direction, out: Buffer): void {
    const late = link.late[direction];
    if (this.delayMs === 0 && late.length === 0) {
      target(link, direction).write(out);
      return;
    }
    late.push(out);
    // Whichever timer fires first, what was sent first arrives first.
    setTimeout(() => target(link, direction).write(late.shift() ?? ''), this.delayMs);
  }

  #judge(link: Link, direction: Direction, bytes: Buffer): Verdict {
    if (!link.hasShaken[direction]) {
      link.hasShaken[direction] = true;
      if (direction === 'toClient') this.#remember(bytes);
      return 'forward';
    }
    const xid = bytes.readInt32BE(4);
    if (direction === 'toServer') {
      const kind = bytes.readInt32BE(8);
      link.opcodes.set(xid, kind);
      return this.onRequest({ bytes, xid, opcode: kind });
    }
    return this.onReply({ bytes, xid, opcode: link.opcodes.get(xid) });
  }

  #remember(handshake: Buffer): void {
    this.handshakes += 1;
    const passwordBytes = handshake.readInt32BE(20);
    const password = Buffer.from(handshake.subarray(24, 24 + passwordBytes));
    this.credentials = { sessionId: Buffer.from(handshake.subarray(12, 20)), password };
  }

  #end(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}

/**
 * A proxy on a free port in front of the server on `targetPort`. What is encrypted has no frames: there it passes on
 * bytes as they come, and shows them to nobody but `onBytes`.
 */
export async function startProxy(targetPort: number, unit: 'frames' | 'bytes' = 'frames'): Promise<TcpProxy> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return new TcpProxy(listener, targetPort, unit);
}

function target(link: Link, direction: Direction): Socket {
  return direction === 'toServer' ? link.server : link.client;
}
