import { describe, expect, test } from 'vitest';
import {
  ConfigurationError,
  type Environment,
  readConfiguration,
  readGatewayConfiguration,
} from '../../../src/config/environment.ts';

/** What has tests of its own: access.test.ts. */
const NO_ACCESS = {
  principalsFile: undefined,
  apiKeyHash: undefined,
  tokens: undefined,
  allowedHosts: [],
  publicMetrics: false,
  requestRate: undefined,
};

describe('the configuration', () => {
  test('an empty environment gives the defaults', () => {
    expect(readConfiguration({})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      zooKeeper: undefined,
      ensembleAccess: { credentials: [], credentialsFile: undefined, tls: undefined },
      dataDirectory: './data',
      sessionTimeoutMs: 10_000,
      requestTimeoutMs: 5_000,
      logLevel: 'info',
      maxMessageBytes: 262_144,
      maxRequests: 16_000,
      maxWaitingReceives: 12_000,
      maxRequestBytes: 134_217_728,
      maxQueuedBytes: 67_108_864,
      maxAnswerBytes: 134_217_728,
      maxDataBytes: 536_870_912,
      access: NO_ACCESS,
      tls: undefined,
      metricsNamesMax: 100,
      otlpEndpoint: undefined,
      trustedProxies: [],
      auditFile: undefined,
    });
  });

  test('every variable is taken over', () => {
    const environment = {
      ZOOGATE_HOST: '::1',
      ZOOGATE_PORT: '0',
      ZOOGATE_ZOOKEEPER: 'zk1:2181,zk2:2181,zk3:2181/zoogate',
      ZOOGATE_ZOOKEEPER_CREDENTIALS: 'zoogate:secret\nzoogate:old:secret\n',
      ZOOGATE_ZOOKEEPER_TLS: 'true',
      ZOOGATE_ZOOKEEPER_TLS_CA_FILE: '/etc/ca.pem',
      ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE: '/etc/gateway.pem',
      ZOOGATE_ZOOKEEPER_TLS_KEY_FILE: '/etc/gateway-key.pem',
      ZOOGATE_ZOOKEEPER_TLS_CHECK_HOST_NAMES: 'false',
      ZOOGATE_DATA_DIR: '/var/lib/zoogate',
      ZOOGATE_SESSION_TIMEOUT_MS: '4000',
      ZOOGATE_REQUEST_TIMEOUT_MS: '2000',
      ZOOGATE_LOG_LEVEL: 'silent',
      ZOOGATE_MAX_MESSAGE_BYTES: '921600',
      ZOOGATE_MAX_REQUESTS: '1',
      ZOOGATE_MAX_WAITING_RECEIVES: '2',
      ZOOGATE_MAX_REQUEST_BYTES: '16777216',
      ZOOGATE_MAX_QUEUED_BYTES: '1048576',
      ZOOGATE_MAX_ANSWER_BYTES: '8388608',
      ZOOGATE_MAX_DATA_BYTES: '0',
      ZOOGATE_METRICS_NAMES_MAX: '0',
      ZOOGATE_OTLP_ENDPOINT: 'http://[::1]:4318/otlp',
      ZOOGATE_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.1,fd00::/8',
      ZOOGATE_AUDIT_FILE: '/var/log/zoogate/audit.log',
    };
    expect(readConfiguration(environment)).toEqual({
      host: '::1',
      port: 0,
      zooKeeper: 'zk1:2181,zk2:2181,zk3:2181/zoogate',
      ensembleAccess: {
        credentials: ['zoogate:secret', 'zoogate:old:secret'],
        credentialsFile: undefined,
        tls: {
          checksHostNames: false,
          caFile: '/etc/ca.pem',
          certificateFile: '/etc/gateway.pem',
          keyFile: '/etc/gateway-key.pem',
        },
      },
      dataDirectory: '/var/lib/zoogate',
      sessionTimeoutMs: 4000,
      requestTimeoutMs: 2000,
      logLevel: 'silent',
      maxMessageBytes: 921_600,
      maxRequests: 1,
      maxWaitingReceives: 2,
      maxRequestBytes: 16_777_216,
      maxQueuedBytes: 1_048_576,
      maxAnswerBytes: 8_388_608,
      maxDataBytes: undefined,
      access: NO_ACCESS,
      tls: undefined,
      metricsNamesMax: 0,
      otlpEndpoint: 'http://[::1]:4318/otlp',
      trustedProxies: ['10.0.0.0/8', '192.0.2.1', 'fd00::/8'],
      auditFile: '/var/log/zoogate/audit.log',
    });
  });

  test('variables of other programs are ignored, and an empty one counts as not set', () => {
    expect(readConfiguration({ PATH: '/bin', ZOOGATE_PORT: '' }).port).toBe(8080);
  });

  test('it cannot be changed', () => {
    expect(Object.isFrozen(readConfiguration({}))).toBe(true);
    expect(Object.isFrozen(readGatewayConfiguration({ ZOOGATE_ZOOKEEPER: 'zk:2181' }))).toBe(true);
  });

  test.each([
    ['ZOOGATE_PORT', '65536'],
    ['ZOOGATE_PORT', '-1'],
    ['ZOOGATE_PORT', '80a'],
    ['ZOOGATE_PORT', '8080.5'],
    ['ZOOGATE_HOST', 'http://localhost'],
    ['ZOOGATE_ZOOKEEPER', 'zk:port'],
    ['ZOOGATE_ZOOKEEPER_CREDENTIALS', 'no colon'],
    ['ZOOGATE_ZOOKEEPER_TLS', 'yes'],
    ['ZOOGATE_SESSION_TIMEOUT_MS', '999'],
    ['ZOOGATE_REQUEST_TIMEOUT_MS', '10 seconds'],
    ['ZOOGATE_LOG_LEVEL', 'verbose'],
    ['ZOOGATE_MAX_MESSAGE_BYTES', '921601'],
    ['ZOOGATE_MAX_REQUESTS', '0'],
    ['ZOOGATE_MAX_REQUEST_BYTES', '8000000'],
    ['ZOOGATE_MAX_QUEUED_BYTES', '1000'],
    ['ZOOGATE_MAX_ANSWER_BYTES', '1000'],
    ['ZOOGATE_MAX_DATA_BYTES', '-1'],
    ['ZOOGATE_METRICS_NAMES_MAX', '10001'],
    ['ZOOGATE_OTLP_ENDPOINT', 'collector:4318'],
    ['ZOOGATE_OTLP_ENDPOINT', '/v1/traces'],
  ])('%s=%s is refused by its name', (name, value) => {
    expect(() => readConfiguration({ [name]: value })).toThrow(ConfigurationError);
    expect(problemsOf({ [name]: value })).toEqual([expect.stringContaining(`${name}: `)]);
  });

  test('an unknown variable is refused, and the one that was meant is named', () => {
    expect(problemsOf({ ZOOGATE_PROT: '1' })).toEqual([
      'ZOOGATE_PROT is not a variable of zoogate; did you mean ZOOGATE_PORT?',
    ]);
    expect(problemsOf({ ZOOGATE_COLOUR_OF_THE_LOGO: '' })).toEqual([
      'ZOOGATE_COLOUR_OF_THE_LOGO is not a variable of zoogate',
    ]);
  });

  test('everything that is wrong is said in one message', () => {
    const environment = {
      ZOOGATE_PORT: 'x',
      ZOOGATE_LOG_LEVEL: 'loud',
      ZOOGATE_ZOOKEEPER: ',',
      ZOOGATE_HOTS: 'h',
    };
    expect(problemsOf(environment)).toHaveLength(5);
    for (const name of Object.keys(environment)) {
      expect(() => readConfiguration(environment)).toThrow(name);
    }
  });

  test('a gateway without an ensemble is refused, together with everything else that is wrong', () => {
    expect(() => readGatewayConfiguration({})).toThrow('ZOOGATE_ZOOKEEPER is not set');
    expect(() => readGatewayConfiguration({ ZOOGATE_PORT: 'x' })).toThrow(
      /ZOOGATE_ZOOKEEPER is not set.*ZOOGATE_PORT: expected a whole number/s,
    );
  });
});

function problemsOf(environment: Environment): readonly string[] {
  try {
    readConfiguration(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}
