/**
 * Cuts a stream of bytes into frames: four bytes of length, then that many bytes.
 *
 * Iterative, and a frame that arrives in many pieces is put together once, when its last piece is there: the cost
 * is linear in the bytes, however they are cut. One reader belongs to one connection, so that nothing of a broken
 * connection can ever precede the bytes of the next.
 */

/** Far above any answer that a server may give; a length beyond it means that the stream is garbage. */
const frameBytesMax = 64 * 1024 * 1024;
const lengthBytes = 4;

export class FrameReader {
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  /** Size of the frame that the pieces belong to, or of its length field while that is incomplete. */
  #wantedBytes = lengthBytes;

  /**
   * Delivers every frame that the chunk completes, its length field included. Delivery stops, for good, when
   * `deliver` returns false. Throws when a length is impossible.
   */
  push(chunk: Buffer, deliver: (frame: Buffer) => boolean): void {
    this.#pieces.push(chunk);
    this.#piecesBytes += chunk.length;
    if (this.#piecesBytes < this.#wantedBytes) return;

    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces, this.#piecesBytes);
    let start = 0;
    let wanted = frameBytes(bytes, start);
    while (start + wanted <= bytes.length) {
      if (!deliver(bytes.subarray(start, start + wanted))) return;
      start += wanted;
      wanted = frameBytes(bytes, start);
    }
    const rest = bytes.subarray(start);
    this.#pieces = rest.length > 0 ? [rest] : [];
    this.#piecesBytes = rest.length;
    this.#wantedBytes = wanted;
  }
}

function frameBytes(bytes: Buffer, start: number): number {
  if (bytes.length - start < lengthBytes) return lengthBytes;
  const length = bytes.readInt32BE(start);
  if (length < 0 || length > frameBytesMax) throw new RangeError(`impossible frame of ${length} bytes`);
  return lengthBytes + length;
}
