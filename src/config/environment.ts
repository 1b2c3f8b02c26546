/**
 * Turns environment variables into the program's configuration: frozen, validated, in camelCase with units last.
 * Everything that is wrong is said at once. Reads only what it is given; `main.ts` passes the process's environment.
 */
import type { z } from 'zod';
import { type AccessConfiguration, accessOf, accessProblems, type TlsFiles, tlsFilesOf } from './access.ts';
import { type EnsembleAccess, ensembleProblems } from './ensemble-access.ts';
import { nearestName } from './nearest-name.ts';
import { type logLevels, variables } from './variables.ts';

export interface Configuration {
  readonly host: string;
  readonly port: number;
  readonly access: AccessConfiguration;
  /** Undefined: plain HTTP. */
  readonly tls: TlsFiles | undefined;
  /** Connection string of the ensemble; undefined: the embedded server is to be used. */
  readonly zooKeeper: string | undefined;
  readonly ensembleAccess: EnsembleAccess;
  readonly dataDirectory: string;
  readonly sessionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly logLevel: (typeof logLevels)[number];
  readonly maxMessageBytes: number;
  readonly maxRequests: number;
  readonly maxWaitingReceives: number;
  readonly maxRequestBytes: number;
  readonly maxQueuedBytes: number;
  readonly maxAnswerBytes: number;
  /** Undefined means no limit. */
  readonly maxDataBytes: number | undefined;
  readonly metricsNamesMax: number;
  /** Undefined means no traces. */
  readonly otlpEndpoint: string | undefined;
  /** Addresses, and ranges of them, of those who are believed about the addresses of clients. */
  readonly trustedProxies: readonly string[];
  /** Undefined means: with the rest of the log. */
  readonly auditFile: string | undefined;
}

/** A configuration that names the ensemble to use: what a gateway needs. */
export interface GatewayConfiguration extends Configuration {
  readonly zooKeeper: string;
}

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      problems.length === 1
        ? `The configuration is wrong: ${problems[0]}`
        : `The configuration is wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration that the `ZOOGATE_…` variables describe; an empty one counts as not set.
 * @throws {ConfigurationError} naming everything that is wrong
 */
export function readConfiguration(environment: Environment): Configuration {
  return Object.freeze(interpret(environment, []));
}

/** As `readConfiguration`, where `ZOOGATE_ZOOKEEPER` is required. */
export function readGatewayConfiguration(environment: Environment): GatewayConfiguration {
  const missing = environment.ZOOGATE_ZOOKEEPER
    ? []
    : [
        'ZOOGATE_ZOOKEEPER is not set: it names the ensemble to use, such as zk1:2181,zk2:2181,zk3:2181/zoogate ' +
          '(for a gateway with an embedded ZooKeeper server, run `npm start`)',
      ];
  const configuration = interpret(environment, missing);
  const { zooKeeper } = configuration;
  if (zooKeeper === undefined) throw new ConfigurationError(missing);
  return Object.freeze({ ...configuration, zooKeeper });
}

function interpret(environment: Environment, earlierProblems: readonly string[]): Configuration {
  const ours = Object.entries(environment).filter(
    ([name, value]) => name.startsWith('ZOOGATE_') && value !== undefined,
  );
  const given = Object.fromEntries(ours.filter(([, value]) => value !== ''));
  const result = variables.safeParse(given);
  const invalid = new Set(result.error?.issues.map(({ path: [name] }) => name));
  const problems = [
    ...earlierProblems,
    ...unknownNames(ours.map(([name]) => name)),
    ...(result.error?.issues ?? []).map(describeIssue),
    ...accessProblems(given, invalid),
    ...ensembleProblems(given),
  ];
  if (!result.success || problems.length > 0) throw new ConfigurationError(problems);
  const values = result.data;
  return {
    host: values.ZOOGATE_HOST,
    port: values.ZOOGATE_PORT,
    access: accessOf(values),
    tls: tlsFilesOf(values),
    zooKeeper: values.ZOOGATE_ZOOKEEPER,
    ensembleAccess: {
      credentials: values.ZOOGATE_ZOOKEEPER_CREDENTIALS ?? [],
      credentialsFile: values.ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE,
      tls: values.ZOOGATE_ZOOKEEPER_TLS
        ? {
            checksHostNames: values.ZOOGATE_ZOOKEEPER_TLS_CHECK_HOST_NAMES,
            caFile: values.ZOOGATE_ZOOKEEPER_TLS_CA_FILE,
            certificateFile: values.ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE,
            keyFile: values.ZOOGATE_ZOOKEEPER_TLS_KEY_FILE,
          }
        : undefined,
    },
    dataDirectory: values.ZOOGATE_DATA_DIR,
    sessionTimeoutMs: values.ZOOGATE_SESSION_TIMEOUT_MS,
    requestTimeoutMs: values.ZOOGATE_REQUEST_TIMEOUT_MS,
    logLevel: values.ZOOGATE_LOG_LEVEL,
    maxMessageBytes: values.ZOOGATE_MAX_MESSAGE_BYTES,
    maxRequests: values.ZOOGATE_MAX_REQUESTS,
    maxWaitingReceives: values.ZOOGATE_MAX_WAITING_RECEIVES,
    maxRequestBytes: values.ZOOGATE_MAX_REQUEST_BYTES,
    maxQueuedBytes: values.ZOOGATE_MAX_QUEUED_BYTES,
    maxAnswerBytes: values.ZOOGATE_MAX_ANSWER_BYTES,
    maxDataBytes: values.ZOOGATE_MAX_DATA_BYTES === 0 ? undefined : values.ZOOGATE_MAX_DATA_BYTES,
    metricsNamesMax: values.ZOOGATE_METRICS_NAMES_MAX,
    otlpEndpoint: values.ZOOGATE_OTLP_ENDPOINT,
    trustedProxies: values.ZOOGATE_TRUSTED_PROXIES ?? [],
    auditFile: values.ZOOGATE_AUDIT_FILE,
  };
}

function unknownNames(names: readonly string[]): string[] {
  const known = Object.keys(variables.shape);
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      return `${name} is not a variable of zoogate${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
    });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  return `${issue.path.join('.')}: ${issue.message}`;
}
