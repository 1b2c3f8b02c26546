/** A link between two servers on which everything that the far end says arrives late, in order. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export class SlowLink {
  readonly port: number;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(listener: Server, port: number) {
    this.#listener = listener;
    this.port = port;
  }

  /** Listens on a free port in front of `targetPort`. */
  static async start(targetPort: number, delayMs: number): Promise<SlowLink> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    if (typeof address !== 'object' || address === null) throw new Error('the link does not listen');
    const link = new SlowLink(listener, address.port);
    listener.on('connection', (near) => link.#join(near, targetPort, delayMs));
    return link;
  }

  async close(): Promise<void> {
    const closed = once(this.#listener, 'close');
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(near: Socket, targetPort: number, delayMs: number): void {
    const far = connect(targetPort, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (bytes) => far.write(bytes));
    // Timers of the same length fire in the order in which they were set.
    far.on('data', (bytes) => setTimeout(() => near.write(bytes), delayMs));
  }
}
