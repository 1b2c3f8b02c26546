import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { KEY_HASH, KeyOwners, keyHash, makeApiKey } from '../../../src/access/api-key.ts';

test('a key says what it is, and carries 256 random bits', () => {
  const { key, hash } = makeApiKey(() => Buffer.alloc(32, 1));
  expect(key).toBe(`zoogate_${Buffer.alloc(32, 1).toString('base64url')}`);
  expect(hash).toBe(keyHash(key));
  expect(hash).toMatch(KEY_HASH);
  expect(makeApiKey(randomBytes).key).not.toBe(makeApiKey(randomBytes).key);
});

test('the hash of a key is its SHA-256, as other tools compute it', () => {
  expect(keyHash('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a key is its owner’s, and nothing else is', () => {
  const [one, other] = [makeApiKey(randomBytes), makeApiKey(randomBytes)];
  const owners = new KeyOwners([
    [one.hash, 'one'],
    [other.hash, 'other'],
  ]);
  expect([owners.ownerOf(one.key), owners.ownerOf(other.key)]).toEqual(['one', 'other']);
  for (const wrong of [one.hash, `${one.key}x`, one.key.slice(1), one.key.toUpperCase(), '']) {
    expect(owners.ownerOf(wrong)).toBeUndefined();
  }
});

test('a key whose hash only begins like a known one is not known', () => {
  const { key, hash } = makeApiKey(randomBytes);
  const tail = hash.slice(-1) === '0' ? '1' : '0';
  const owners = new KeyOwners([[hash.slice(0, -1) + tail, 'somebody']]);
  expect(owners.ownerOf(key)).toBeUndefined();
});
