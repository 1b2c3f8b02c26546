/** Bodies of 256 bytes that begin with the time of their publishing, by the clock of this process. Pure. */

export const bodyBytes = 256;
const stampChars = 16;
const filling = 'zoogate '.repeat(bodyBytes / 8).slice(stampChars);

export function messageBody(publishedMs: number): string {
  return publishedMs.toFixed(3).padStart(stampChars, '0') + filling;
}

/** When the message was published, in the time of `messageBody`. */
export function publishedMs(body: string): number {
  if (body.length !== bodyBytes) throw new Error(`a body of ${body.length} characters came back`);
  return Number(body.slice(0, stampChars));
}
