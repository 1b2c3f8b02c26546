/**
 * Server-Sent Events: their grammar, and writing them to a client that may be slow, silent or gone.
 *
 * Guarantees: what waits to be sent to one client is bounded (by `bufferedBytesMax` and one event), and counts with all
 * other answers; a client that
 * takes nothing for `stalledMs` is dropped; a heartbeat shows a silent stream to be alive; the response is ended, or
 * destroyed, in every case, and no timer is left behind.
 */
import type { Writable } from 'node:stream';
import { Budget } from '../queue/index.ts';

/** How long and how much a stream bears. */
export interface StreamLimits {
  readonly heartbeatMs: number;
  /** For a client to take something of what waits for it. */
  readonly stalledMs: number;
  /** Waiting for one client before nothing more is read for it. */
  readonly bufferedBytesMax: number;
}

/** Less than the silence after which proxies commonly close connections (60 s with nginx). */
export const STREAM_LIMITS: StreamLimits = {
  heartbeatMs: 15_000,
  stalledMs: 30_000,
  bufferedBytesMax: 1024 * 1024,
};

/** As `bufferedBytesMax`, while all answers together take more memory than they may. */
const PRESSED_BYTES_MAX = 16 * 1024;

interface ServerSentEvent {
  readonly event?: string;
  readonly id?: string;
  readonly data: string;
}

/**
 * The text of an event. A line break in the data ends a `data:` line and begins the next; the client joins them
 * again. In JSON, where breaks are white space only, one kind of break for another makes no difference.
 */
export function eventText({ event, id, data }: ServerSentEvent): string {
  const fields = [
    ...(event === undefined ? [] : [`event: ${event}`]),
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`),
  ];
  return `${fields.join('\n')}\n\n`;
}

/** How long a client waits before it connects again, as a field of the stream. */
export function retryText(ms: number): string {
  return `retry: ${ms}\n\n`;
}

const HEARTBEAT = ':\n\n';

/** Writes batches of texts until they end or the signal aborts. Rejects only with what the batches reject with. */
export async function writeEvents(
  response: Writable,
  batches: AsyncIterable<readonly string[]>,
  limits: StreamLimits,
  signal: AbortSignal,
  answerBytes: Budget = new Budget(Number.POSITIVE_INFINITY),
): Promise<void> {
  const writer = new EventWriter(response, limits, answerBytes);
  const end = () => writer.end();
  signal.addEventListener('abort', end, { once: true });
  try {
    if (signal.aborted) return;
    for await (const batch of batches) {
      for (const text of batch) {
        if (signal.aborted || !(await writer.write(text))) return;
      }
    }
  } finally {
    signal.removeEventListener('abort', end);
    writer.end();
  }
}

/**
 *           write                     more than is allowed waits
 * flowing ────────▶ flowing or waiting ────────────────────────▶ write waits for drain
 *    ▲                  │ drain
 *    └──────────────────┤
 *                       │ no drain in time: destroyed
 */
class EventWriter {
  readonly #response: Writable;
  readonly #limits: StreamLimits;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #answerBytes: Budget;
  #heldBytes = 0;
  #stalled: NodeJS.Timeout | undefined;
  #onTaken: (() => void) | undefined;
  #ended = false;

  constructor(response: Writable, limits: StreamLimits, answerBytes: Budget) {
    this.#response = response;
    this.#answerBytes = answerBytes;
    this.#limits = limits;
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
    response.on('drain', () => this.#drained());
    response.on('close', () => this.#stop());
    // A connection that breaks says so in `close` too.
    response.on('error', () => {});
  }

  /** Resolves once there is room for more; false when nothing can be written any more. */
  async write(text: string): Promise<boolean> {
    if (this.#ended) return false;
    if (!this.#response.write(text)) {
      this.#stalled ??= setTimeout(() => this.#response.destroy(), this.#limits.stalledMs);
    }
    this.#hold(this.#response.writableLength);
    const bytesMax = this.#answerBytes.fits(0) ? this.#limits.bufferedBytesMax : PRESSED_BYTES_MAX;
    if (this.#response.writableLength > bytesMax) {
      await new Promise<void>((resolve) => {
        this.#onTaken = resolve;
      });
    }
    return !this.#ended;
  }

  end(): void {
    if (!this.#ended) {
      this.#stop();
      this.#response.end();
    }
  }

  /** Only when nothing waits: for a client that does not read, heartbeats would pile up. */
  #beat(): void {
    if (this.#stalled === undefined) {
      void this.write(HEARTBEAT);
    }
  }

  #drained(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    this.#hold(0);
    this.#onTaken?.();
  }

  #hold(bytes: number): void {
    this.#answerBytes.add(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #stop(): void {
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.#drained();
  }
}
