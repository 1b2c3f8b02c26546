/** Which key opens which gateway: those who send requests in tests send it along, as a client of that gateway would. */
const keys = new Map<string, string>();

/** From now on requests to this gateway carry the key. */
export function sendKey(url: string, key: string): void {
  keys.set(new URL(url).host, key);
}

/** The key of this gateway, if it has one. */
export function keyFor(url: string): string | undefined {
  return keys.get(new URL(url).host);
}

/** The header that a request to this gateway needs, if it needs one. */
export function credentialsFor(url: string): Record<string, string> {
  const key = keyFor(url);
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

/** The same as a line of a request that is written by hand. */
export function credentialLineFor(url: string): string {
  const { authorization } = credentialsFor(url);
  return authorization === undefined ? '' : `Authorization: ${authorization}\r\n`;
}
