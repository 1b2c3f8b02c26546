/** An issuer of tokens, with its keys on a real HTTP server: they can be rotated and withdrawn, and it can fail. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

interface SigningKey {
  readonly id: string;
  readonly algorithm: string;
  readonly secret: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  readonly known: JWK;
}

export const AUDIENCE = 'zoogate-tests';

export class TokenIssuer {
  readonly name = 'https://issuer.test';
  /** How often its keys were asked for. */
  fetches = 0;
  /** Answers 500 instead of its keys. */
  isFailing = false;
  readonly #server: Server;
  #keys: SigningKey[] = [];
  #made = 0;

  private constructor() {
    this.#server = createServer((_request, response) => {
      this.fetches += 1;
      if (this.isFailing) response.writeHead(500).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(this.keySet());
    });
  }

  /** With one key. */
  static async start(): Promise<TokenIssuer> {
    const issuer = new TokenIssuer();
    await issuer.addKey();
    issuer.#server.listen(0, '127.0.0.1');
    await once(issuer.#server, 'listening');
    return issuer;
  }

  get keysUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys`;
  }

  /** The public keys, as they are published. */
  keySet(): string {
    return JSON.stringify({ keys: this.#keys.map(({ known }) => known) });
  }

  /** Signs with this one from now on; the others stay known. */
  async addKey(algorithm = 'ES256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    this.#made += 1;
    const id = `key-${this.#made}`;
    const known = { ...(await exportJWK(publicKey)), kid: id, alg: algorithm, use: 'sig' };
    this.#keys.push({ id, algorithm, secret: privateKey, known });
  }

  /** The oldest key is no longer one of its own. */
  withdrawOldestKey(): void {
    this.#keys.shift();
  }

  /** A token that is valid here, unless the claims say otherwise. Without `expiresInSeconds` it has no end. */
  async sign(
    claims: JWTPayload,
    { expiresInSeconds }: { expiresInSeconds: number | undefined } = { expiresInSeconds: 60 },
  ): Promise<string> {
    const key = this.#keys.at(-1);
    if (key === undefined) throw new Error('the issuer has no key');
    const end =
      expiresInSeconds === undefined ? {} : { exp: Math.floor(Date.now() / 1000) + expiresInSeconds };
    const payload = { iss: this.name, aud: AUDIENCE, sub: 'somebody', ...end, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, kid: key.id }).sign(key.secret);
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
