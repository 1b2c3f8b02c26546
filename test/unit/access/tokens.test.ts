/** Tokens against an issuer whose keys lie on a real HTTP server, or in a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fetchedKeys, KEYS_TIMING, keysOfFile, type TokenKeys } from '../../../src/access/token-keys.ts';
import { Tokens } from '../../../src/access/tokens.ts';
import { silentLogger } from '../../support/test-store.ts';
import { AUDIENCE, TokenIssuer } from '../../support/token-issuer.ts';
import { waitUntil } from '../../support/wait-until.ts';

let issuer: TokenIssuer;
let opened: (() => unknown)[] = [];
beforeEach(async () => {
  issuer = await TokenIssuer.start();
  opened = [() => issuer.stop()];
});
afterEach(async () => {
  for (const close of opened.reverse()) await close();
});

interface Aside {
  readonly timing?: Partial<typeof KEYS_TIMING>;
  readonly nowMs?: () => number;
}

function tokensOf(keys: TokenKeys, nowMs = Date.now): Tokens {
  const tokens = new Tokens({ issuer: issuer.name, audience: AUDIENCE }, keys, nowMs);
  opened.push(() => tokens.close());
  return tokens;
}

function tokensByUrl({ timing = {}, nowMs }: Aside = {}): Tokens {
  const keys = fetchedKeys(new URL(issuer.keysUrl), silentLogger, { ...KEYS_TIMING, ...timing });
  return tokensOf(keys, nowMs);
}

const refusal = (message: string) => ({ code: 'unauthorized', message: expect.stringContaining(message) });
const UNAVAILABLE = { code: 'unavailable' };

describe('a token', () => {
  test('tells its subject and the rights that it claims', async () => {
    const tokens = tokensByUrl();
    const { subject, rights } = await tokens.verify(
      await issuer.sign({ sub: 'robot', zoogate: { consume: ['a', 'b-*'] } }),
    );
    expect(subject).toBe('robot');
    expect(rights?.consume.map(({ text }) => text)).toEqual(['a', 'b-*']);
    expect(rights?.publish).toEqual([]);
    expect(await tokens.verify(await issuer.sign({ sub: 'robot' }))).toEqual({ subject: 'robot' });
  });

  test.each([
    ['has another issuer', { iss: 'https://other.test' }, 'iss'],
    ['has another audience', { aud: 'others' }, 'aud'],
    ['is not valid yet', { nbf: 4e9 }, 'nbf'],
    ['has an end that is no time', { exp: 'never' as never }, 'exp'],
    ['has a subject that is no text', { sub: 7 as never }, 'sub'],
    ['has an empty subject', { sub: '' }, 'sub'],
    ['has a subject without measure', { sub: 'x'.repeat(257) }, 'sub'],
    ['claims rights of another shape', { zoogate: ['*'] }, 'claim zoogate is not valid: expected an object'],
    ['claims a right that does not exist', { zoogate: { admin: ['*'] } }, 'admin'],
    ['claims a pattern that is none', { zoogate: { consume: ['/'] } }, 'consume.0: expected a pattern'],
  ])('that %s is refused', async (_what, claims, reason) => {
    await expect(tokensByUrl().verify(await issuer.sign(claims))).rejects.toMatchObject(refusal(reason));
  });

  test('for several audiences is accepted when this one is among them', async () => {
    const token = await issuer.sign({ aud: ['others', AUDIENCE] });
    expect((await tokensByUrl().verify(token)).subject).toBe('somebody');
  });

  test('is refused once it has expired, also when it was found good before', async () => {
    let nowMs = Date.now();
    const tokens = tokensByUrl({ nowMs: () => nowMs });
    const token = await issuer.sign({}, { expiresInSeconds: 10 });
    expect((await tokens.verify(token)).subject).toBe('somebody');
    nowMs += 16_000;
    await expect(tokens.verify(token)).rejects.toMatchObject(refusal('has expired'));
  });

  test('signed with a shared secret is refused, even when that is the public key', async () => {
    const { keys } = JSON.parse(issuer.keySet());
    const claims = { iss: issuer.name, aud: AUDIENCE, sub: 'x', exp: 4e9 };
    const secret = Buffer.from(JSON.stringify(keys[0]));
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: keys[0].kid })
      .sign(secret);
    await expect(tokensByUrl().verify(forged)).rejects.toMatchObject(refusal('algorithm'));
  });

  test.each(['RS256', 'PS256', 'ES384', 'EdDSA'])('may be signed with %s', async (algorithm) => {
    await issuer.addKey(algorithm);
    expect((await tokensByUrl().verify(await issuer.sign({}))).subject).toBe('somebody');
  });

  test.each(['', 'x', 'a.b', 'a.b.c.d', 'a.b.', '..', 'é.b.c'])('is not %j', async (text) => {
    await expect(tokensByUrl().verify(text)).rejects.toMatchObject({ code: 'unauthorized' });
  });
});

describe('the keys at a URL', () => {
  test('are fetched again when a token names a new one', async () => {
    const tokens = tokensByUrl({ timing: { cooldownMs: 0 } });
    const old = await issuer.sign({});
    await tokens.verify(old);
    await issuer.addKey();
    expect((await tokens.verify(await issuer.sign({ sub: 'new' }))).subject).toBe('new');
    expect((await tokens.verify(old)).subject).toBe('somebody');
  });

  test('are fetched no more than once in a while, whatever tokens name', async () => {
    const tokens = tokensByUrl();
    await tokens.verify(await issuer.sign({}));
    const { privateKey } = await generateKeyPair('ES256');
    for (const kid of ['a', 'b', 'c']) {
      const forged = await new SignJWT({ exp: 4e9 })
        .setProtectedHeader({ alg: 'ES256', kid })
        .sign(privateKey);
      await expect(tokens.verify(forged)).rejects.toMatchObject(refusal('key is not one'));
    }
    expect(issuer.fetches).toBe(1);
  });

  test('are fetched now and then: a key that was withdrawn is not accepted any more', async () => {
    let nowMs = Date.now();
    const tokens = tokensByUrl({ timing: { refreshMs: 20 }, nowMs: () => nowMs });
    const token = await issuer.sign({});
    await tokens.verify(token);
    await issuer.addKey();
    issuer.withdrawOldestKey();
    const fetches = issuer.fetches;
    await waitUntil(() => issuer.fetches >= fetches + 2, 'the keys are fetched again');
    // It was found good a moment ago, and is looked at again after that.
    nowMs += 31_000;
    await expect(tokens.verify(token)).rejects.toMatchObject(refusal('key is not one'));
  });

  test('that cannot be fetched serve on as they were, and what they cannot tell is not held against a token', async () => {
    const tokens = tokensByUrl({ timing: { cooldownMs: 0, refreshMs: 20 } });
    await tokens.verify(await issuer.sign({}));
    issuer.isFailing = true;
    const fetches = issuer.fetches;
    await waitUntil(() => issuer.fetches >= fetches + 2, 'the keys are asked for again');
    expect((await tokens.verify(await issuer.sign({ sub: 'other' }))).subject).toBe('other');
    await issuer.addKey();
    const fresh = await issuer.sign({});
    await expect(tokens.verify(fresh)).rejects.toMatchObject(UNAVAILABLE);
    issuer.isFailing = false;
    expect((await tokens.verify(fresh)).subject).toBe('somebody');
  });

  test('that could never be fetched are asked for once in a while', async () => {
    issuer.isFailing = true;
    const tokens = tokensByUrl();
    for (let round = 0; round < 5; round += 1) {
      await expect(tokens.verify(await issuer.sign({}))).rejects.toMatchObject(UNAVAILABLE);
    }
    expect(issuer.fetches).toBe(1);
  });

  test('serve no longer than they may when they cannot be fetched', async () => {
    const tokens = tokensByUrl({ timing: { cooldownMs: 0, oldestMs: 1 } });
    await tokens.verify(await issuer.sign({}));
    issuer.isFailing = true;
    const rejected = () =>
      issuer.sign({}).then((token) =>
        tokens.verify(token).then(
          () => false,
          ({ code }) => code === 'unavailable',
        ),
      );
    await waitUntil(rejected, 'the old set does not serve any more');
  });
});

describe('the keys in a file', () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'zoogate-keys-'));
    opened.unshift(() => rm(directory, { recursive: true }));
    path = join(directory, 'keys.json');
    await writeFile(path, issuer.keySet());
  });

  test('are read again when they change, and every token is looked at again', async () => {
    let tokens: Tokens | undefined;
    tokens = tokensOf(await keysOfFile(path, silentLogger, () => tokens?.forgetAll()));
    const old = await issuer.sign({});
    expect((await tokens.verify(old)).subject).toBe('somebody');
    await issuer.addKey();
    issuer.withdrawOldestKey();
    await writeFile(path, issuer.keySet());
    const isRefused = () =>
      tokens.verify(old).then(
        () => false,
        () => true,
      );
    await waitUntil(isRefused, 'the old key is not accepted any more');
    expect((await tokens.verify(await issuer.sign({}))).subject).toBe('somebody');
  });

  test.each([
    ['no JSON', '{', 'not valid JSON'],
    ['no set', '[]', 'not a JSON Web Key Set'],
    ['no keys', '{"keys":[]}', 'has no keys'],
    ['a shared secret', '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}', 'keys.0 is secret'],
  ])('are refused when they are %s', async (_what, text, reason) => {
    await writeFile(path, text);
    await expect(keysOfFile(path, silentLogger, () => {})).rejects.toThrow(reason);
  });

  test('are refused when a private one is among them', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    await writeFile(path, JSON.stringify({ keys: [await exportJWK(privateKey)] }));
    await expect(keysOfFile(path, silentLogger, () => {})).rejects.toThrow('keys.0 is secret');
  });
});
