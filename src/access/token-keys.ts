/**
 * The public keys that tokens are checked with: a JSON Web Key Set, from a URL or a file.
 *
 * A set at a URL is fetched every few minutes, so that a key that was withdrawn there is soon not accepted any more,
 * and at once when a token names a key that is not in it, so that new keys come into force by themselves. Whoever
 * sends tokens that name nonsense causes no more than one fetch in a while. When the set cannot be fetched, the one
 * that is known serves for an hour.
 */
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose';
import { WatchedFiles } from '../config/watched-files.ts';
import { CredentialsError } from './credentials-error.ts';
import type { Logger } from './logger.ts';

export interface TokenKeys {
  readonly keyOf: JWTVerifyGetKey;
  close(): void;
}

export interface KeysTiming {
  readonly fetchLimitMs: number;
  /** Between two fetches for keys that are not in the set, and after one that failed. */
  readonly cooldownMs: number;
  readonly refreshMs: number;
  /** How long a set serves that cannot be fetched again. */
  readonly oldestMs: number;
}

export const KEYS_TIMING: KeysTiming = {
  fetchLimitMs: 5_000,
  cooldownMs: 10_000,
  refreshMs: 5 * 60_000,
  oldestMs: 60 * 60_000,
};

/** Keys at a URL. It need not answer yet. */
export function fetchedKeys(url: URL, logger: Logger, timing: KeysTiming = KEYS_TIMING): TokenKeys {
  // A query might be a secret.
  const address = url.origin + url.pathname;
  let failedAtMs = Number.NEGATIVE_INFINITY;
  const fetchUnlessFailed: FetchImplementation = async (...parameters) => {
    if (performance.now() - failedAtMs < timing.cooldownMs) throw new KeysUnavailable();
    try {
      const answer = await fetch(...parameters);
      if (answer.status !== 200) throw new Error(`the answer is ${answer.status}`);
      return Response.json(parseKeySet(await answer.text()));
    } catch (error) {
      failedAtMs = performance.now();
      logger.warn({ err: error, url: address }, 'the keys of tokens cannot be fetched');
      throw new KeysUnavailable();
    }
  };
  const remote = createRemoteJWKSet(url, {
    timeoutDuration: timing.fetchLimitMs,
    cooldownDuration: timing.cooldownMs,
    cacheMaxAge: timing.oldestMs,
    [customFetch]: fetchUnlessFailed,
  });
  // What fails has been logged, and is tried again.
  const refresh = () => void remote.reload().catch(() => {});
  refresh();
  const timer = setInterval(refresh, timing.refreshMs);
  timer.unref();
  return { keyOf: remote, close: () => clearInterval(timer) };
}

class KeysUnavailable extends CredentialsError {
  constructor() {
    super('unavailable', 'The token cannot be checked now: its keys cannot be fetched.');
  }
}

/** Keys in a file, read again when it changes. Rejects with what is wrong with it. */
export async function keysOfFile(path: string, logger: Logger, onChanged: () => void): Promise<TokenKeys> {
  const file = await WatchedFiles.open({
    paths: [path],
    parse: ([text]) => createLocalJWKSet(parseKeySet(String(text))),
    onChanged() {
      logger.info({ path }, 'the keys of tokens have changed');
      onChanged();
    },
    onRefused: ({ message }) =>
      logger.warn(
        { reason: message, path },
        'the new keys of tokens are refused; the old ones stay in force',
      ),
  });
  return { keyOf: (header, token) => file.current(header, token), close: () => file.close() };
}

/** Members of a key that are its secret. */
const SECRET_MEMBERS = ['d', 'k', 'p', 'q'];

function parseKeySet(text: string): JSONWebKeySet {
  const value = jsonOf(text);
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys)) {
    throw new Error('it is not a JSON Web Key Set: an object with a list of keys');
  }
  const keys: unknown[] = value.keys;
  if (keys.length === 0) throw new Error('it has no keys');
  for (const [index, key] of keys.entries()) {
    if (typeof key !== 'object' || key === null) throw new Error(`keys.${index} is not a key`);
    if (SECRET_MEMBERS.some((member) => member in key)) {
      throw new Error(`keys.${index} is secret; only public keys belong into this file`);
    }
  }
  return value as JSONWebKeySet;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the file.
    throw new Error('it is not valid JSON');
  }
}
