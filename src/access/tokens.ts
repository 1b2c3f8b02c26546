/**
 * JSON Web Tokens as credentials: checks them, and tells whose they are and what they grant.
 *
 * Accepted is what the configured issuer signed, with an asymmetric algorithm and a key of its set, for the configured
 * audience, that has not expired. A token that was found good is remembered for half a minute at most, by its hash.
 */
import { hash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { CredentialsError } from './credentials-error.ts';
import { SUBJECT_CHARS_MAX } from './principals.ts';
import type { Rights } from './rights.ts';
import { describeIssues, rightsSchema } from './rights-schema.ts';
import type { TokenKeys } from './token-keys.ts';

/** None with a shared secret, and not "none". */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** How far apart the clocks of the issuer and the gateway may be. */
const CLOCK_TOLERANCE_SECONDS = 5;
const REMEMBERED_MS = 30_000;
const REMEMBERED_MAX = 10_000;

/** The claim that grants rights, in the shape that the principals file has them in. */
const RIGHTS_CLAIM = 'zoogate';

/** Three parts of base64url. */
const FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

export interface VerifiedToken {
  readonly subject: string;
  /** Absent when the token has no claim about them. */
  readonly rights?: Rights;
}

interface Remembered {
  readonly token: VerifiedToken;
  readonly untilMs: number;
}

export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
}

export class Tokens {
  readonly #issuer: TokenIssuer;
  readonly #keys: TokenKeys;
  readonly #nowMs: () => number;
  readonly #remembered = new LRUCache<string, Remembered>({ max: REMEMBERED_MAX });

  /** @param nowMs the time as the issuer knows it */
  constructor(issuer: TokenIssuer, keys: TokenKeys, nowMs: () => number) {
    this.#issuer = issuer;
    this.#keys = keys;
    this.#nowMs = nowMs;
  }

  /** What the token says. Rejects with a CredentialsError. */
  async verify(text: string): Promise<VerifiedToken> {
    if (!FORM.test(text)) throw refused('These credentials are neither a known key nor a token.');
    const id = hash('sha256', text, 'base64');
    const known = this.#remembered.get(id);
    const nowMs = this.#nowMs();
    if (known !== undefined && nowMs < known.untilMs) return known.token;
    const { payload } = await this.#check(text, nowMs);
    const token = tokenOf(payload);
    // The check has made sure that there is an exp.
    const expiresAtMs = ((payload.exp ?? 0) + CLOCK_TOLERANCE_SECONDS) * 1000;
    this.#remembered.set(id, { token, untilMs: Math.min(expiresAtMs, nowMs + REMEMBERED_MS) });
    return token;
  }

  /** After a change of the keys: every token is checked again. */
  forgetAll(): void {
    this.#remembered.clear();
  }

  close(): void {
    this.#keys.close();
  }

  async #check(text: string, nowMs: number): Promise<{ payload: JWTPayload }> {
    try {
      return await jwtVerify(text, this.#keys.keyOf, {
        ...this.#issuer,
        algorithms: ALGORITHMS,
        requiredClaims: ['iss', 'aud', 'exp', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(nowMs),
      });
    } catch (error) {
      if (error instanceof CredentialsError) throw error;
      throw refused(reasonOf(error), { cause: error });
    }
  }
}

function tokenOf(payload: JWTPayload): VerifiedToken {
  const { sub, [RIGHTS_CLAIM]: claim } = payload;
  if (typeof sub !== 'string' || sub === '' || sub.length > SUBJECT_CHARS_MAX) {
    throw refused(`The token’s sub must be a text of 1 to ${SUBJECT_CHARS_MAX} characters.`);
  }
  if (claim === undefined) return { subject: sub };
  const rights = rightsSchema.safeParse(claim);
  if (rights.success) return { subject: sub, rights: rights.data };
  const [problem = ''] = describeIssues(rights.error.issues);
  throw refused(`The token’s claim ${RIGHTS_CLAIM} is not valid: ${problem}.`);
}

/** In words that help the owner of the token, and tell nothing that it does not say itself. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `The token’s ${error.claim} is not what it must be here.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'The token’s algorithm is not allowed here.';
  if (error instanceof errors.JWKSNoMatchingKey) return 'The token’s key is not one of its issuer.';
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return 'The token does not say which key it is signed with.';
  return 'The token is not valid.';
}

function refused(message: string, options: ErrorOptions = {}): CredentialsError {
  return new CredentialsError('unauthorized', message, options);
}
