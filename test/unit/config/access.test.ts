/** Who may use the gateway, as the environment says it; and where a gateway may listen that asks nobody. */
import { describe, expect, test } from 'vitest';
import { keyHash } from '../../../src/access/api-key.ts';
import { ConfigurationError, type Environment, readConfiguration } from '../../../src/config/environment.ts';

const tokens = {
  ZOOGATE_JWT_ISSUER: 'https://issuer.example',
  ZOOGATE_JWT_AUDIENCE: 'zoogate',
  ZOOGATE_JWT_KEYS: 'https://issuer.example/keys',
};

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('a gateway without authentication', () => {
  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost', '::ffff:127.0.0.1'])(
    'may listen on %s',
    (host) => {
      expect(problemsOf({ ZOOGATE_HOST: host })).toEqual([]);
    },
  );

  test.each(['0.0.0.0', '::', '192.168.0.1', 'gateway1', '127.0.0.1.example.com', 'localhost.example.com'])(
    'may not listen on %s: one message says what to do',
    (host) => {
      const [problem = '', ...others] = problemsOf({ ZOOGATE_HOST: host });
      expect(others).toEqual([]);
      expect(problem).toContain(`ZOOGATE_HOST is ${host}`);
      for (const way of [
        'ZOOGATE_PRINCIPALS_FILE',
        'ZOOGATE_API_KEY_HASH',
        'ZOOGATE_JWT_ISSUER',
        '127.0.0.1',
        'ZOOGATE_ALLOW_UNAUTHENTICATED=true',
      ]) {
        expect(problem).toContain(way);
      }
    },
  );

  test('may listen anywhere once that is wanted, or somebody is asked for credentials', () => {
    const ways: Environment[] = [
      { ZOOGATE_ALLOW_UNAUTHENTICATED: 'true' },
      { ZOOGATE_PRINCIPALS_FILE: 'principals.json' },
      { ZOOGATE_API_KEY_HASH: keyHash('x') },
      tokens,
    ];
    for (const way of ways) expect(problemsOf({ ZOOGATE_HOST: '0.0.0.0', ...way })).toEqual([]);
    expect(problemsOf({ ZOOGATE_HOST: '0.0.0.0', ZOOGATE_ALLOW_UNAUTHENTICATED: 'false' })).toHaveLength(1);
  });

  test('takes requests under any domain name only where everybody is meant to reach it', () => {
    const hostsOf = (environment: Environment) => readConfiguration(environment).access.allowedHosts;
    const open = { ZOOGATE_HOST: '0.0.0.0', ZOOGATE_ALLOW_UNAUTHENTICATED: 'true' };
    expect(hostsOf({})).toEqual([]);
    expect(hostsOf({ ZOOGATE_ALLOWED_HOSTS: 'Zoo.example, b.example' })).toEqual([
      'zoo.example',
      'b.example',
    ]);
    expect(hostsOf(open)).toBeUndefined();
    expect(hostsOf({ ...open, ZOOGATE_ALLOWED_HOSTS: 'a.example' })).toEqual(['a.example']);
  });
});

describe('the variables of access', () => {
  test('are taken over', () => {
    const { access, tls } = readConfiguration({
      ...tokens,
      ZOOGATE_PRINCIPALS_FILE: '/etc/zoogate/principals.json',
      ZOOGATE_API_KEY_HASH: keyHash('x'),
      ZOOGATE_PUBLIC_METRICS: 'true',
      ZOOGATE_REQUESTS_PER_SECOND: '100',
      ZOOGATE_REQUEST_BURST: '500',
      ZOOGATE_TLS_CERTIFICATE_FILE: 'cert.pem',
      ZOOGATE_TLS_KEY_FILE: 'key.pem',
    });
    expect(access).toEqual({
      principalPercent: 25,
      principalsFile: '/etc/zoogate/principals.json',
      apiKeyHash: keyHash('x'),
      tokens: {
        issuer: 'https://issuer.example',
        audience: 'zoogate',
        keys: new URL('https://issuer.example/keys'),
      },
      allowedHosts: [],
      publicMetrics: true,
      requestRate: { perSecond: 100, burst: 500 },
    });
    expect(tls).toEqual({ certificateFile: 'cert.pem', keyFile: 'key.pem' });
  });

  test('know a file of keys from a URL, and a burst of one second unless told otherwise', () => {
    const { access } = readConfiguration({
      ...tokens,
      ZOOGATE_JWT_KEYS: './keys.json',
      ZOOGATE_REQUESTS_PER_SECOND: '7',
    });
    expect(access.tokens?.keys).toBe('./keys.json');
    const { access: byUrl } = readConfiguration({
      ...tokens,
      ZOOGATE_JWT_KEYS: 'HTTPS://Issuer.example/Keys',
    });
    expect(byUrl.tokens?.keys).toEqual(new URL('https://issuer.example/Keys'));
    expect(access.requestRate).toEqual({ perSecond: 7, burst: 7 });
  });

  test.each([
    [{ ZOOGATE_API_KEY_HASH: 'zoogate_key-itself' }, 'ZOOGATE_API_KEY_HASH: expected the hash of a key'],
    [
      { ...tokens, ZOOGATE_JWT_KEYS: 'http://issuer.example/keys' },
      'ZOOGATE_JWT_KEYS: expected an https URL',
    ],
    [{ ...tokens, ZOOGATE_JWT_KEYS: 'ftp://issuer.example/keys' }, 'ZOOGATE_JWT_KEYS: expected an https URL'],
    [
      { ...tokens, ZOOGATE_JWT_KEYS: 'https://a:b@issuer.example/keys' },
      'ZOOGATE_JWT_KEYS: expected a URL without',
    ],
    [
      { ZOOGATE_JWT_ISSUER: 'x' },
      'ZOOGATE_JWT_AUDIENCE and ZOOGATE_JWT_KEYS must be set together with ZOOGATE_JWT_ISSUER',
    ],
    [{ ...tokens, ZOOGATE_JWT_AUDIENCE: undefined }, 'ZOOGATE_JWT_AUDIENCE must be set together with'],
    [
      { ZOOGATE_TLS_KEY_FILE: 'x' },
      'ZOOGATE_TLS_CERTIFICATE_FILE must be set together with ZOOGATE_TLS_KEY_FILE',
    ],
    [{ ZOOGATE_REQUEST_BURST: '5' }, 'ZOOGATE_REQUEST_BURST needs ZOOGATE_REQUESTS_PER_SECOND'],
    [{ ZOOGATE_ALLOW_UNAUTHENTICATED: 'yes' }, 'ZOOGATE_ALLOW_UNAUTHENTICATED: expected true or false'],
    [{ ZOOGATE_ALLOWED_HOSTS: 'a.example:8080' }, 'ZOOGATE_ALLOWED_HOSTS: expected host names without ports'],
    ...[
      '10.0.0.0/33',
      '0.0.0.0/0',
      '10.0.0.0/',
      'fd00::/129',
      'proxy.example',
      '10.0.0.1,',
      '10.0.0.0/8/8',
    ].map((ranges): [Environment, string] => [
      { ZOOGATE_TRUSTED_PROXIES: ranges },
      'ZOOGATE_TRUSTED_PROXIES: expected addresses or ranges such as 10.0.0.0/8',
    ]),
    [{ ZOOGATE_REQUESTS_PER_SECOND: '-1' }, 'ZOOGATE_REQUESTS_PER_SECOND: expected a whole number'],
  ])('that are wrong, as in %j, are refused by their names', (environment, problem) => {
    const problems = problemsOf(environment);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  test('are refused together with everything else that is wrong, and never with a key in the message', () => {
    const problems = problemsOf({
      ZOOGATE_HOST: '0.0.0.0',
      ZOOGATE_PORT: 'x',
      ZOOGATE_TLS_KEY_FILE: 'x',
      ZOOGATE_API_KEY_HASH: 'zoogate_key-itself',
    });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('zoogate_key-itself');
  });

  test('allow keys over plain HTTP on this machine alone', () => {
    const keys = (url: string) => problemsOf({ ...tokens, ZOOGATE_JWT_KEYS: url });
    expect(keys('http://127.0.0.1:8000/keys')).toEqual([]);
    expect(keys('http://localhost/keys')).toEqual([]);
    expect(keys('http://127.evil.example/keys')).toHaveLength(1);
  });
});
