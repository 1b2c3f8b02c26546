/**
 * Whose request it is: an API key of the principals file or of the environment, or a token of the configured issuer.
 *
 * Guarantees: a key costs one hash and one look-up; what is compared are hashes, in constant time; no credentials are
 * kept, told or logged.
 */
import type { AccessConfiguration } from '../config/access.ts';
import { WatchedFiles } from '../config/watched-files.ts';
import { KeyOwners } from './api-key.ts';
import { CredentialsError } from './credentials-error.ts';
import type { Logger } from './logger.ts';
import { ENVIRONMENT_KEY_NAME, type Principals, parsePrincipals } from './principals.ts';
import { ALL_RIGHTS, NO_RIGHTS, type Principal } from './rights.ts';
import { fetchedKeys, type KeysTiming, keysOfFile } from './token-keys.ts';
import { Tokens } from './tokens.ts';

export interface Authentication {
  /**
   * The sender of a request with this Authorization header.
   *
   * @throws CredentialsError, or rejects with one
   */
  authenticate(authorization: string | undefined): Principal | Promise<Principal>;
  /** Stops looking at files and fetching keys. */
  close(): void;
}

/** RFC 6750; the scheme in any case, as in all of HTTP. */
const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;

/**
 * Opens what the configuration names; undefined when it names nothing.
 *
 * @throws what is wrong with a file
 */
export async function openAuthentication(
  configuration: AccessConfiguration,
  logger: Logger,
  timing?: KeysTiming,
): Promise<Authentication | undefined> {
  const { principalsFile, apiKeyHash, tokens: issuer } = configuration;
  if (principalsFile === undefined && apiKeyHash === undefined && issuer === undefined) return undefined;
  const file = principalsFile === undefined ? undefined : await openPrincipals(principalsFile, logger);
  let tokens: Tokens | undefined;
  try {
    if (issuer !== undefined) {
      const keys =
        issuer.keys instanceof URL
          ? fetchedKeys(issuer.keys, logger, timing)
          : await keysOfFile(issuer.keys, logger, () => tokens?.forgetAll()).catch(saying(issuer.keys));
      const { issuer: name, audience } = issuer;
      tokens = new Tokens({ issuer: name, audience }, keys, Date.now);
    }
  } catch (error) {
    file?.close();
    throw error;
  }
  return new CredentialChecks(file, apiKeyHash, tokens);
}

class CredentialChecks implements Authentication {
  readonly #file: WatchedFiles<Principals> | undefined;
  readonly #ofEnvironment: KeyOwners<Principal>;
  readonly #tokens: Tokens | undefined;

  constructor(
    file: WatchedFiles<Principals> | undefined,
    environmentKeyHash: string | undefined,
    tokens: Tokens | undefined,
  ) {
    this.#file = file;
    this.#tokens = tokens;
    const everything = { name: ENVIRONMENT_KEY_NAME, rights: ALL_RIGHTS };
    this.#ofEnvironment = new KeyOwners(
      environmentKeyHash === undefined ? [] : [[environmentKeyHash, everything]],
    );
  }

  authenticate(authorization: string | undefined): Principal | Promise<Principal> {
    if (authorization === undefined) {
      throw new CredentialsError('unauthorized', 'Send credentials: Authorization: Bearer <key or token>.', {
        werePresented: false,
      });
    }
    const credentials = BEARER.exec(authorization)?.[1];
    if (credentials === undefined) {
      throw new CredentialsError('unauthorized', 'The header must be Authorization: Bearer <key or token>.');
    }
    const owner = this.#file?.current.byKey.ownerOf(credentials) ?? this.#ofEnvironment.ownerOf(credentials);
    if (owner !== undefined) return owner;
    if (this.#tokens === undefined) throw new CredentialsError('unauthorized', 'This key is not known here.');
    return this.#ownerOfToken(this.#tokens, credentials);
  }

  close(): void {
    this.#file?.close();
    this.#tokens?.close();
  }

  /** The file decides about whom it names; the rights of others are those that their token claims. */
  async #ownerOfToken(tokens: Tokens, text: string): Promise<Principal> {
    const { subject, rights = NO_RIGHTS } = await tokens.verify(text);
    // No name in the file has a colon: nobody can be taken for somebody else.
    return this.#file?.current.bySubject.get(subject) ?? { name: `jwt:${subject}`, rights };
  }
}

function openPrincipals(path: string, logger: Logger): Promise<WatchedFiles<Principals>> {
  return WatchedFiles.open({
    paths: [path],
    parse([text]) {
      const parsed = parsePrincipals(String(text));
      if (!('problems' in parsed)) return parsed;
      const { problems } = parsed;
      throw new Error(
        problems.length === 1 ? problems[0] : `\n${problems.map((each) => `  - ${each}`).join('\n')}`,
      );
    },
    onChanged: () => logger.info({ path }, 'the principals have changed'),
    onRefused: ({ message }) =>
      logger.warn({ reason: message, path }, 'the new principals are refused; the old ones stay in force'),
  }).catch(saying(path));
}

/** Which file it is about. */
function saying(path: string): (error: Error) => never {
  return (error) => {
    throw new Error(`${path} cannot be used: ${error.message}`, { cause: error });
  };
}
