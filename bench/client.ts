/** What every peer's client offers to the load generator, so that the same load can be put on all of them. */
import type { Endpoint } from './job.ts';

/** With a connection of its own, and one request at a time on it. */
export interface Producer {
  /** Returns once the peer has confirmed all of them. */
  publish(queue: string, bodies: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface Delivery {
  readonly body: string;
  /** Whatever the peer wants back as an ack; only its client looks at it. */
  readonly receipt: unknown;
}

/** With a connection of its own, and one request at a time on it. */
export interface Consumer {
  /**
   * Waits up to `waitSeconds` for messages, and may return none. The deliveries in `acks` are acked by the same
   * request; only where the client `canAckWithReceive`.
   */
  receive(queue: string, max: number, acks: readonly Delivery[]): Promise<readonly Delivery[]>;
  /** Returns once the peer has confirmed, where it does. */
  ack(queue: string, deliveries: readonly Delivery[]): Promise<void>;
  close(): Promise<void>;
}

export interface Client {
  create(queues: readonly string[]): Promise<void>;
  /** At the address with this index. */
  producer(address: number): Promise<Producer>;
  consumer(address: number): Promise<Consumer>;
  remove(queues: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface ClientKind {
  readonly name: string;
  readonly canAckWithReceive: boolean;
  connect(endpoint: Endpoint): Promise<Client>;
}

export const waitSeconds = 1;
