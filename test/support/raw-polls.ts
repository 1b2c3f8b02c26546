/** Very many receives that wait, each on a bare connection of its own: cheap enough to open ten thousand of them. */
import { execFileSync } from 'node:child_process';
import type { Socket } from 'node:net';
import { openSocket } from './raw-http.ts';

export interface PollAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** By the monotonic clock. */
  readonly atMs: number;
}

export class RawPoll {
  /** Settles with the answer; rejects when the connection ends without one. */
  readonly answer: Promise<PollAnswer>;
  readonly #socket: Socket;

  constructor(url: string, queuePath: string, query = 'waitSeconds=50&autoAck=true') {
    this.#socket = openSocket(url);
    this.answer = new Promise((resolve, reject) => {
      let received = '';
      this.#socket.on('data', (bytes) => {
        received += bytes.toString();
        const answer = parseAnswer(received);
        if (answer !== undefined) {
          resolve(answer);
          this.#socket.destroy();
        }
      });
      this.#socket.on('error', reject);
      this.#socket.on('close', () => reject(new Error(`closed without an answer: ${received}`)));
    });
    // Whoever leaves does not want to hear of it.
    this.answer.catch(() => {});
    this.#socket.write(
      `POST ${queuePath}/messages/receive?${query} HTTP/1.1\r\nHost: test\r\nContent-Length: 0\r\n\r\n`,
    );
  }

  /** Resolves once it is connected. */
  async connected(): Promise<void> {
    if (!this.#socket.connecting) return;
    await new Promise<void>((resolve, reject) => {
      this.#socket.once('connect', resolve).once('error', reject);
    });
  }

  leave(): void {
    this.#socket.destroy();
  }
}

/** Opens so many, not more than a few hundred connections at a time. */
export async function openPolls(count: number, open: (number: number) => RawPoll): Promise<RawPoll[]> {
  const polls: RawPoll[] = [];
  while (polls.length < count) {
    const wave = Array.from({ length: Math.min(250, count - polls.length) }, (_, index) =>
      open(polls.length + index),
    );
    await Promise.all(wave.map((poll) => poll.connected()));
    polls.push(...wave);
  }
  return polls;
}

/** Memory of a process that is in use, in bytes. */
export function residentBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}

function parseAnswer(text: string): PollAnswer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end);
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
  const body = text.slice(end + 4);
  if (Buffer.byteLength(body) < length) return undefined;
  return { status: Number(head.split(' ')[1]), head, body, atMs: performance.now() };
}
