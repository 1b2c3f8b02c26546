/**
 * A text in the making, as the UTF-8 bytes that it will be sent as. Bodies are stored as bytes, and go into it as they
 * are: made into a string, and back into bytes for the socket, they would be copied three times.
 */
export class TextBytes {
  #bytes: Buffer;
  #length = 0;

  /** @param expected how many bytes it will have, more or less; it grows when it has more */
  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected);
  }

  addText(text: string): void {
    // No character takes more than three bytes for each of its units; they are counted only when these might not fit.
    if (this.#length + 3 * text.length > this.#bytes.length) this.#makeRoom(Buffer.byteLength(text));
    this.#length += this.#bytes.write(text, this.#length);
  }

  addBytes(bytes: Buffer): void {
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What has been added so far. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #makeRoom(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}
