/** Reads HTTP/1.1 answers from the bytes of a connection as they come. Pure. */

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

const headEnd = Buffer.from('\r\n\r\n');

export class HttpAnswerReader {
  #pending: Buffer = Buffer.alloc(0);

  /**
   * The answer that is complete with these bytes; undefined while it is not.
   *
   * @throws Error when what came is not an answer that this reader understands
   */
  add(bytes: Buffer): HttpAnswer | undefined {
    this.#pending = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    const end = this.#pending.indexOf(headEnd);
    if (end < 0) return undefined;
    const head = this.#pending.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1]);
    if (Number.isNaN(status)) throw new Error(`not an answer: ${head.slice(0, 100)}`);
    const start = end + headEnd.length;
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length !== undefined) return this.#take(status, start, start + Number(length));
    if (status === 204 || status === 304) return this.#take(status, start, start);
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) return this.#takeChunks(status, start);
    throw new Error(`an answer without a length: ${head.slice(0, 300)}`);
  }

  #take(status: number, start: number, end: number): HttpAnswer | undefined {
    if (this.#pending.length < end) return undefined;
    const body = this.#pending.toString('utf8', start, end);
    this.#pending = this.#pending.subarray(end);
    return { status, body };
  }

  #takeChunks(status: number, start: number): HttpAnswer | undefined {
    const chunks: Buffer[] = [];
    for (let from = start; ; ) {
      const lineEnd = this.#pending.indexOf('\r\n', from);
      if (lineEnd < 0) return undefined;
      const size = Number.parseInt(this.#pending.toString('latin1', from, lineEnd), 16);
      const end = lineEnd + 2 + size + 2;
      if (this.#pending.length < end) return undefined;
      if (size === 0) {
        this.#pending = this.#pending.subarray(end);
        return { status, body: Buffer.concat(chunks).toString() };
      }
      chunks.push(this.#pending.subarray(lineEnd + 2, end - 2));
      from = end;
    }
  }
}
