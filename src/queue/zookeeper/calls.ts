/**
 * The calls of one store, from the caller's promise to the socket.
 *
 *   run -> waiting (ours, in order) -> sent (at most `sentMax` and `sentBytesMax` without a reply) -> settled
 *
 * A call leaves `waiting` only when the client puts it on the socket, with all that is sent in this turn of the event
 * loop, so "waiting" means certainly not applied: a deadline, an abort or a lost connection removes it and it never
 * runs. A call that was sent keeps its place until the reply comes or the connection ends, even when its caller has
 * given up, because the server still has to work it off.
 */

import type { CallSignal } from '../model/call-signal.ts';
import { Deliveries } from './deliveries.ts';
import { StoreError } from './store.ts';

export interface Call<T> {
  /** For messages. */
  readonly what: string;
  readonly isWrite: boolean;
  readonly bytes: number;
  /** Gives the request to the client. `isWanted` tells, when the reply comes, whether the caller still waits. */
  send(reply: (value: T) => void, isWanted: () => boolean): void;
}

export interface CallsOptions {
  readonly requestTimeoutMs: number;
  readonly isOpen: () => boolean;
  readonly isWritable: () => boolean;
  /** Told of each call that ends without a reply. */
  readonly onFailed?: (isWrite: boolean) => void;
}

interface PendingCall {
  readonly isWrite: boolean;
  readonly bytes: number;
  readonly what: string;
  readonly send: () => void;
  readonly fail: (error: unknown) => void;
}

/** Server-side, requests without a reply are limited to 1,000 over all clients; beyond, it stops reading. */
const sentMax = 128;
const sentBytesMax = 8 * 1024 * 1024;
const waitingMax = 10_000;

export class Calls {
  /** Replies go through it, and so must whatever comes between them. */
  readonly deliveries = new Deliveries();
  readonly #options: CallsOptions;
  readonly #waiting = new Set<PendingCall>();
  readonly #sent = new Set<PendingCall>();
  #sentBytes = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  get outstanding(): number {
    return this.#waiting.size + this.#sent.size;
  }

  /** Resolves with the reply; rejects with a StoreError, or with what `send` throws. */
  run<T>(call: Call<T>, signal?: CallSignal): Promise<T> {
    if (signal?.aborted) return Promise.reject(notSent(call.what, 'aborted', signal.reason));
    if (!this.#options.isOpen()) return Promise.reject(notSent(call.what, 'not connected'));
    if (this.#waiting.size >= waitingMax) return Promise.reject(notSent(call.what, 'too many calls wait'));
    return new Promise<T>((resolve, reject) => {
      let isWanted = true;
      const end = (finish: () => void) => {
        if (!isWanted) return;
        isWanted = false;
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        finish();
      };
      const pending: PendingCall = {
        isWrite: call.isWrite,
        bytes: call.bytes,
        what: call.what,
        fail: (error) =>
          end(() => {
            this.#options.onFailed?.(call.isWrite);
            reject(error);
          }),
        send: () => {
          const reply = (value: T) => {
            this.deliveries.reply(() => end(() => resolve(value)));
            this.#release(pending);
            this.pump();
          };
          call.send(reply, () => isWanted);
        },
      };
      const abort = () => this.#giveUp(pending, 'aborted', signal?.reason);
      const timer = setTimeout(() => this.#giveUp(pending, 'timed out'), this.#options.requestTimeoutMs);
      signal?.addEventListener('abort', abort);
      this.#waiting.add(pending);
      this.pump();
    });
  }

  /** Sends what may be sent. */
  pump(): void {
    for (const pending of this.#waiting) {
      if (!this.#options.isWritable() || !this.#hasRoom(pending)) return;
      this.#waiting.delete(pending);
      this.#sent.add(pending);
      this.#sentBytes += pending.bytes;
      try {
        pending.send();
      } catch (error) {
        this.#release(pending);
        pending.fail(error);
      }
    }
  }

  /** The connection is gone: every call fails, and none of them runs later. */
  interrupt(): void {
    const sent = [...this.#sent];
    const waiting = [...this.#waiting];
    this.#sent.clear();
    this.#waiting.clear();
    this.#sentBytes = 0;
    for (const pending of sent) pending.fail(noReply(pending, 'the connection was lost'));
    for (const pending of waiting) pending.fail(notSent(pending.what, 'the connection was lost'));
  }

  #hasRoom({ bytes }: PendingCall): boolean {
    if (this.#sent.size === 0) return true;
    return this.#sent.size < sentMax && this.#sentBytes + bytes <= sentBytesMax;
  }

  #release(pending: PendingCall): void {
    if (this.#sent.delete(pending)) this.#sentBytes -= pending.bytes;
  }

  #giveUp(pending: PendingCall, why: string, cause?: unknown): void {
    const wasWaiting = this.#waiting.delete(pending);
    pending.fail(wasWaiting ? notSent(pending.what, why, cause) : noReply(pending, why, cause));
  }
}

function notSent(what: string, why: string, cause?: unknown): StoreError {
  return new StoreError('unavailable', `${what} was not sent: ${why}`, { cause });
}

function noReply({ what, isWrite }: PendingCall, why: string, cause?: unknown): StoreError {
  return new StoreError(isWrite ? 'unknown' : 'unavailable', `no reply to ${what}: ${why}`, { cause });
}
