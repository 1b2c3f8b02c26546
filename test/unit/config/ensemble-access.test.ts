import { describe, expect, test } from 'vitest';
import {
  type EnsembleAccess,
  ensembleProblems,
  ensembleWeaknesses,
  parseCredentials,
} from '../../../src/config/ensemble-access.ts';

describe('credentials', () => {
  test.each([
    ['user:password', ['user:password']],
    ['user:pass:word with spaces and "quotes"', ['user:pass:word with spaces and "quotes"']],
    ['user:new\nuser:old\n', ['user:new', 'user:old']],
    ['user:new\r\n\r\nuser:old\r\n', ['user:new', 'user:old']],
  ])('%j is understood', (text, expected) => {
    expect(parseCredentials(text)).toEqual(expected);
  });

  test.each([
    '',
    '\n',
    'user',
    ':hush',
    'user:',
    'us er:hush',
    `${'u'.repeat(33)}:hush`,
    `user:${'x'.repeat(257)}`,
    'user:hüsh',
    'user:hush\tx',
    'a:hush\nhush',
    'a:1\na:2\na:3\na:4\na:5',
  ])('%j is refused, without telling any of it', (text) => {
    const parsed = parseCredentials(text);
    expect(parsed).toEqual({ problem: expect.stringContaining('expected') });
    expect(JSON.stringify(parsed)).not.toMatch(/hush|hüsh/);
  });
});

describe('variables for the ensemble that do not go together', () => {
  const zooKeeper = { ZOOGATE_ZOOKEEPER: 'zk:2281' };
  const tls = { ...zooKeeper, ZOOGATE_ZOOKEEPER_TLS: 'true' };

  test.each([
    [{}],
    [{ ZOOGATE_ZOOKEEPER_CREDENTIALS: 'a:b' }],
    [tls],
    [{ ...tls, ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE: 'a', ZOOGATE_ZOOKEEPER_TLS_KEY_FILE: 'b' }],
  ])('are not found in %j', (given) => {
    expect(ensembleProblems(given)).toEqual([]);
  });

  test.each([
    [
      { ZOOGATE_ZOOKEEPER_CREDENTIALS: 'a:b', ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE: 'file' },
      'set ZOOGATE_ZOOKEEPER_CREDENTIALS or ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE, not both',
    ],
    [
      { ...zooKeeper, ZOOGATE_ZOOKEEPER_TLS_CA_FILE: 'ca' },
      'ZOOGATE_ZOOKEEPER_TLS_CA_FILE is set, but ZOOGATE_ZOOKEEPER_TLS is not true',
    ],
    [
      { ...zooKeeper, ZOOGATE_ZOOKEEPER_TLS: 'false', ZOOGATE_ZOOKEEPER_TLS_CHECK_HOST_NAMES: 'true' },
      'ZOOGATE_ZOOKEEPER_TLS_CHECK_HOST_NAMES is set, but ZOOGATE_ZOOKEEPER_TLS is not true',
    ],
    [
      { ...tls, ZOOGATE_ZOOKEEPER_TLS_KEY_FILE: 'key' },
      'set both ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE and ZOOGATE_ZOOKEEPER_TLS_KEY_FILE, or neither',
    ],
    [{ ZOOGATE_ZOOKEEPER_TLS: 'true' }, expect.stringContaining('the embedded server does not speak TLS')],
  ])('are named: %j', (given, problem) => {
    expect(ensembleProblems(given)).toEqual([problem]);
  });
});

describe('the weaknesses of an ensemble', () => {
  const open: EnsembleAccess = { credentials: [], credentialsFile: undefined, tls: undefined };
  const files = { checksHostNames: true, caFile: 'ca', certificateFile: undefined, keyFile: undefined };

  test('that others can reach are told', () => {
    const weaknesses = ensembleWeaknesses(open, '127.0.0.1:2181,zk2:2181/zoogate');
    expect(weaknesses).toEqual([
      expect.stringContaining('ZOOGATE_ZOOKEEPER_CREDENTIALS is not set'),
      expect.stringContaining('ZOOGATE_ZOOKEEPER_TLS is not true'),
    ]);
  });

  test('on this machine are not', () => {
    expect(ensembleWeaknesses(open, '127.0.0.1:2181,localhost:2182,[::1]:2183/zoogate')).toEqual([]);
  });

  test('are none with credentials and TLS', () => {
    const secured = { ...open, credentialsFile: '/run/secrets/credentials', tls: files };
    expect(ensembleWeaknesses(secured, 'zk2:2281')).toEqual([]);
  });
});
