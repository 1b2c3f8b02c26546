/**
 * Authenticates the sender of a request before anything else is done about it, and holds the sender to its rate limit.
 * Without authentication everybody is `anonymous` and may do everything, except for pages in browsers.
 *
 * From then on `request.principal` is the sender: the logs read it there.
 */
import type { FastifyRequest } from 'fastify';
import {
  ANONYMOUS,
  type Authentication,
  CredentialsError,
  NO_RIGHTS,
  type Principal,
  RateLimiter,
  type RequestRate,
} from '../../access/index.ts';
import { type Access, requireAccess } from './access.ts';
import { isFromAnotherSite, isHostTrusted } from './browser-requests.ts';
import { Problem } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is; undefined until that is known, and where it does not matter. */
    principal: Principal | undefined;
  }
}

export interface AccessRules {
  /** Undefined: everybody may do everything. */
  readonly authentication: Authentication | undefined;
  /** Without authentication: names of this gateway with a dot; undefined: any. */
  readonly allowedHosts: readonly string[] | undefined;
  readonly publicMetrics: boolean;
  /** Whether everybody may ask which version this is. */
  readonly publicVersion: boolean;
  /** For principals without one of their own; undefined: no limit. */
  readonly requestRate: RequestRate | undefined;
  /** Between two checks whether the reader of a stream may still read it. */
  readonly recheckMs: number;
}

export const RECHECK_MS = 10_000;

/** As a gateway is on a loopback address when nothing is configured. */
export const LOOPBACK_RULES: AccessRules = {
  authentication: undefined,
  allowedHosts: [],
  publicMetrics: false,
  publicVersion: true,
  requestRate: undefined,
  recheckMs: RECHECK_MS,
};

/** The sender of a request that everybody may send; of one for the metrics, too, when they are public. */
const ANYBODY: Principal = { name: 'anybody', rights: { ...NO_RIGHTS, metrics: true } };

const CHALLENGE = 'Bearer realm="zoogate"';

export class Authenticator {
  readonly #rules: AccessRules;
  readonly #rateLimiter: RateLimiter;

  /** @param nowMs a monotonic clock */
  constructor(rules: AccessRules, nowMs: () => number) {
    this.#rules = rules;
    this.#rateLimiter = new RateLimiter(rules.requestRate, nowMs);
  }

  /**
   * The sender of a request for an operation.
   *
   * @throws Problem 'unauthorized', 'forbidden', 'rate-limited', or rejects with one
   */
  admit(request: FastifyRequest, access: Access<never>): Principal | Promise<Principal> {
    if (this.#isPublic(access)) return ANYBODY;
    const sender = this.#identify(request);
    if (sender instanceof Promise) return sender.then((principal) => this.#count(request, principal));
    return this.#count(request, sender);
  }

  /**
   * Checks from time to time whether the sender of a request may still do what it is doing: keys are withdrawn, tokens
   * expire, rights change.
   *
   * @param onRefused told once the sender may not
   * @returns ends it
   */
  recheck<Params>(
    request: FastifyRequest,
    access: Access<Params>,
    params: Params,
    onRefused: () => void,
  ): () => void {
    if (this.#rules.authentication === undefined || this.#isPublic(access)) return () => {};
    const timer = setInterval(async () => {
      try {
        requireAccess(access, await this.#identify(request), params);
      } catch (error) {
        // That credentials cannot be checked now says nothing about them.
        if (error instanceof Problem && error.code === 'unavailable') return;
        clearInterval(timer);
        onRefused();
      }
    }, this.#rules.recheckMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  #count(request: FastifyRequest, principal: Principal): Principal {
    request.principal = principal;
    const retryAfterMs = this.#rateLimiter.admit(principal);
    if (retryAfterMs !== undefined) throw tooMany(principal, retryAfterMs);
    return principal;
  }

  #identify(request: FastifyRequest): Principal | Promise<Principal> {
    const { authentication, allowedHosts } = this.#rules;
    const { headers } = request.raw;
    if (authentication !== undefined) return senderBy(authentication, headers.authorization);
    if (!isHostTrusted(headers.host, allowedHosts)) {
      throw new Problem(
        'forbidden',
        'This gateway has no authentication, and answers to no domain name but those in ZOOGATE_ALLOWED_HOSTS.',
      );
    }
    if (isFromAnotherSite(request.method, headers)) {
      throw new Problem(
        'forbidden',
        'This gateway has no authentication, and takes no requests of pages of other sites.',
      );
    }
    return ANONYMOUS;
  }

  #isPublic({ kind }: Access<never>): boolean {
    const { publicMetrics, publicVersion } = this.#rules;
    return (
      kind === 'public' || (kind === 'metrics' && publicMetrics) || (kind === 'version' && publicVersion)
    );
  }
}

function senderBy(
  authentication: Authentication,
  authorization: string | undefined,
): Principal | Promise<Principal> {
  try {
    const sender = authentication.authenticate(authorization);
    return sender instanceof Promise ? sender.catch(refuse) : sender;
  } catch (error) {
    return refuse(error);
  }
}

function refuse(error: unknown): never {
  throw error instanceof CredentialsError ? refusal(error) : error;
}

function refusal(error: CredentialsError): Problem {
  if (error.code === 'unavailable') return new Problem('unavailable', error.message, { cause: error });
  const challenge = error.werePresented ? `${CHALLENGE}, error="invalid_token"` : CHALLENGE;
  return new Problem('unauthorized', error.message, {
    cause: error,
    headers: { 'www-authenticate': challenge },
  });
}

function tooMany(principal: Principal, retryAfterMs: number): Problem {
  return new Problem('rate-limited', `${principal.name} sends more requests to this gateway than it may.`, {
    headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
  });
}
