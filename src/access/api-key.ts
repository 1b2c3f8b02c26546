/**
 * API keys: 256 random bits, so that one SHA-256 is all the hashing they need. Only the hash is ever configured.
 */
import { hash, timingSafeEqual } from 'node:crypto';

const KEY_BYTES = 32;
/** Lets people, and those who search repositories for secrets, see what it is. */
const KEY_PREFIX = 'zoogate_';
const HASH_PREFIX = 'sha256:';
/** Bytes of a hash by which it is found. */
const INDEX_BYTES = 8;

/** What a configured hash looks like. */
export const KEY_HASH = /^sha256:[0-9a-f]{64}$/;

/** A new key, to be given to its owner and kept nowhere, and its hash, to be configured. */
export function makeApiKey(randomBytes: (length: number) => Buffer): { key: string; hash: string } {
  const key = KEY_PREFIX + randomBytes(KEY_BYTES).toString('base64url');
  return { key, hash: keyHash(key) };
}

/** The hash of a key, in the form in which it is configured. */
export function keyHash(key: string): string {
  return HASH_PREFIX + digestOf(key).toString('hex');
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

interface KnownKey<Owner> {
  readonly digest: Buffer;
  readonly owner: Owner;
}

/** Who owns which key. A key is found by a part of its hash, and compared by all of it in constant time. */
export class KeyOwners<Owner> {
  readonly #byIndex = new Map<string, KnownKey<Owner>[]>();

  /** @param owners by the hashes of their keys, as configured */
  constructor(owners: Iterable<readonly [string, Owner]>) {
    for (const [configured, owner] of owners) {
      const digest = Buffer.from(configured.slice(HASH_PREFIX.length), 'hex');
      const index = indexOf(digest);
      this.#byIndex.set(index, [...(this.#byIndex.get(index) ?? []), { digest, owner }]);
    }
  }

  ownerOf(key: string): Owner | undefined {
    const digest = digestOf(key);
    return this.#byIndex.get(indexOf(digest))?.find((known) => timingSafeEqual(known.digest, digest))?.owner;
  }
}

function indexOf(digest: Buffer): string {
  return digest.toString('latin1', 0, INDEX_BYTES);
}
