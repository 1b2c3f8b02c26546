/**
 * Server-Sent Events: their grammar, and writing them to a client that may be slow, silent or gone.
 *
 * Guarantees: what waits to be sent to one client is bounded (by `bufferedBytesMax` and one batch, by one batch under
 * pressure), and counts with all other answers before it is made; a client that does not take what waits for it within
 * `stalledMs` is dropped, sooner under pressure; a heartbeat shows a silent stream to be alive; the response is ended, or destroyed, in every
 * case, and no timer is left behind.
 */
import type { Writable } from 'node:stream';
import type { AnswerRoom } from './answer-room.ts';

/** How long and how much a stream bears. */
export interface StreamLimits {
  readonly heartbeatMs: number;
  /** For a client to take what waits for it; */
  readonly stalledMs: number;
  /** or so long while clients leave no room for others. */
  readonly pressedMs: number;
  /** Waiting for one client before nothing more is read for it. */
  readonly bufferedBytesMax: number;
}

/** Less than the silence after which proxies commonly close connections (60 s with nginx). */
export const STREAM_LIMITS: StreamLimits = {
  heartbeatMs: 15_000,
  stalledMs: 30_000,
  pressedMs: 5_000,
  bufferedBytesMax: 1024 * 1024,
};

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
    ...linesOf(data).map((line) => `data: ${line}`),
  ];
  return `${fields.join('\n')}\n\n`;
}

/** Most have one line, and may be long: looking for a character costs less than looking for a pattern. */
function linesOf(data: string): string[] {
  return data.includes('\n') || data.includes('\r') ? data.split(/\r\n|\r|\n/) : [data];
}

/** How long a client waits before it connects again, as a field of the stream. */
export function retryText(ms: number): string {
  return `retry: ${ms}\n\n`;
}

const HEARTBEAT = ':\n\n';

/**
 * Writes an opening text and then events until these end or the signal aborts. Texts are made one at a time, in the room
 * that was entered for the batch, and nothing is asked for while too much waits for the client. Rejects only with what
 * the events reject with.
 */
export async function writeEvents<Event>(
  response: Writable,
  opening: string,
  events: AsyncIterable<readonly Event[]>,
  textOf: (event: Event) => string,
  { limits, room, signal }: { limits: StreamLimits; room: AnswerRoom; signal: AbortSignal },
): Promise<void> {
  const writer = new EventWriter(response, limits, room);
  const end = () => writer.end();
  signal.addEventListener('abort', end, { once: true });
  const source = events[Symbol.asyncIterator]();
  try {
    if (!signal.aborted) writer.write(opening);
    while (!signal.aborted && (await writer.whenReady())) {
      if (!(await writeBatch(writer, source, textOf))) return;
      room.leave();
    }
  } finally {
    signal.removeEventListener('abort', end);
    writer.end();
    await source.return?.();
  }
}

/** A function of its own, so that nothing of the batch is held while the client takes it. */
async function writeBatch<Event>(
  writer: EventWriter,
  source: AsyncIterator<readonly Event[]>,
  textOf: (event: Event) => string,
): Promise<boolean> {
  const { done, value } = await source.next();
  if (done === true) return false;
  for (const event of value) writer.write(textOf(event));
  return true;
}

/**
 *           write                     more than is allowed waits
 * flowing ────────▶ flowing or waiting ────────────────────────▶ whenReady waits for drain
 *    ▲                  │ drain
 *    └──────────────────┤
 *                       │ no drain in time: destroyed
 */
class EventWriter {
  readonly #response: Writable;
  readonly #limits: StreamLimits;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #room: AnswerRoom;
  #stalled: NodeJS.Timeout | undefined;
  #onTaken: (() => void) | undefined;
  #ended = false;

  constructor(response: Writable, limits: StreamLimits, room: AnswerRoom) {
    this.#response = response;
    this.#room = room;
    this.#limits = limits;
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
    response.on('drain', () => this.#drained());
    response.on('close', () => this.#stop());
    // A connection that breaks says so in `close` too.
    response.on('error', () => {});
  }

  write(text: string): void {
    if (this.#ended) return;
    // As bytes: a string would be kept beside the bytes that are made of it for the socket.
    if (!this.#response.write(Buffer.from(text))) {
      this.#stalled ??= this.#timeLimit();
    }
    this.#room.hold(this.#response.writableLength);
  }

  /** Resolves once there is room for more; false when nothing can be written any more. */
  async whenReady(): Promise<boolean> {
    const bytesMax = this.#room.isPressed ? 0 : this.#limits.bufferedBytesMax;
    if (this.#stalled !== undefined && this.#response.writableLength > bytesMax) {
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

  #timeLimit(): NodeJS.Timeout {
    const { stalledMs, pressedMs } = this.#limits;
    const checkMs = Math.min(stalledMs, pressedMs);
    let checks = 0;
    return setInterval(() => {
      checks += 1;
      if (checks * checkMs >= stalledMs || this.#room.isPressed) this.#response.destroy();
    }, checkMs);
  }

  /** Only when nothing waits: for a client that does not read, heartbeats would pile up. */
  #beat(): void {
    if (this.#stalled === undefined) this.write(HEARTBEAT);
  }

  #drained(): void {
    clearInterval(this.#stalled);
    this.#stalled = undefined;
    this.#room.hold(0);
    this.#onTaken?.();
  }

  #stop(): void {
    this.#ended = true;
    clearInterval(this.#heartbeat);
    this.#drained();
    this.#room.end();
  }
}
