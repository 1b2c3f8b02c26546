#!/usr/bin/env node
/** A program beside the gateway: makes an API key and prints it, for the only time, with the hash that is configured. */
import { randomBytes } from 'node:crypto';
import { makeApiKey } from './access/api-key.ts';

const { key, hash } = makeApiKey(randomBytes);
process.stdout.write(`Key, for its owner (it is kept nowhere): ${key}
Hash, for ZOOGATE_API_KEY_HASH or keyHashes:  ${hash}
`);
