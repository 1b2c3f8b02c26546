/** A client that reads a topic's stream, goes away, comes back with the last id it has, and writes down what it saw. */
import type { StreamEvent } from '../../../src/queue/index.ts';
import type { Client } from '../client.ts';
import { keyOf } from '../ledger.ts';
import type { SimulatedGateway } from '../simulated-gateway.ts';

/** What a reader saw, in order; it began anew, without an id, at `open`. */
export type Sight =
  | { readonly kind: 'open'; readonly atMs: number }
  | { readonly kind: 'gap'; readonly atMs: number }
  | { readonly kind: 'message'; readonly atMs: number; readonly key: string };

export class StreamReader {
  readonly name: string;
  readonly sights: Sight[] = [];
  readonly #client: Client;
  readonly #topic: string;
  #lastId: string | undefined;

  constructor(client: Client, topic: string) {
    this.name = client.name;
    this.#client = client;
    this.#topic = topic;
  }

  /** Reads for so long, or until the stream breaks. @returns how it ended; 'left' when nothing was the matter */
  async read(forMs: number, gateway: SimulatedGateway = this.#client.gateway): Promise<string> {
    const { world } = this.#client;
    let left = false;
    const { answer } = await world.ask(
      gateway,
      async (broker, call) => {
        const stream = await broker.stream(this.#topic, this.#lastId, call);
        if (left) return;
        if (this.#lastId === undefined) this.sights.push({ kind: 'open', atMs: world.time.nowMs });
        for await (const batch of stream) if (!left) for (const event of batch) this.#see(event);
      },
      { name: `streaming ${this.#topic}`, waitMs: forMs, leaveAfterMs: forMs },
    );
    left = true;
    if (answer.kind === 'refused') return answer.code;
    return answer.kind === 'done' ? 'ended' : 'left';
  }

  #see(event: StreamEvent): void {
    const atMs = this.#client.world.time.nowMs;
    if (event.kind === 'gap') {
      this.sights.push({ kind: 'gap', atMs });
      return;
    }
    this.#lastId = event.eventId;
    this.sights.push({ kind: 'message', atMs, key: keyOf(event.message) });
  }
}
