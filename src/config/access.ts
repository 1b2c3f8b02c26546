/**
 * What the environment says about who may use the gateway, and whether it may listen where it is told to.
 */
import type { z } from 'zod';
import type { variables } from './variables.ts';

export interface AccessConfiguration {
  readonly principalsFile: string | undefined;
  readonly apiKeyHash: string | undefined;
  readonly tokens: TokensConfiguration | undefined;
  /** Names that the Host of a request may have beside those that no stranger can point here; undefined: any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** Whether everybody may read the metrics. */
  readonly publicMetrics: boolean;
  /** What one principal may take of the gateway's limits; undefined: all, as where there are no others. */
  readonly principalPercent: number | undefined;
  /** For each principal without a limit of its own; undefined: no limit. */
  readonly requestRate: { readonly perSecond: number; readonly burst: number } | undefined;
}

export interface TokensConfiguration {
  readonly issuer: string;
  readonly audience: string;
  /** Where the issuer's keys are: a URL, or the path of a file. */
  readonly keys: URL | string;
}

/** The certificate and key that the gateway itself speaks TLS with. */
export interface TlsFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
}

type Values = z.output<typeof variables>;

export function accessOf(values: Values): AccessConfiguration {
  const perSecond = values.ZOOGATE_REQUESTS_PER_SECOND;
  const percent = values.ZOOGATE_PRINCIPAL_PERCENT;
  const principalsFile = values.ZOOGATE_PRINCIPALS_FILE;
  const { ZOOGATE_JWT_ISSUER: issuer, ZOOGATE_JWT_AUDIENCE: audience, ZOOGATE_JWT_KEYS: keys } = values;
  return {
    principalsFile,
    apiKeyHash: values.ZOOGATE_API_KEY_HASH,
    tokens:
      issuer === undefined || audience === undefined || keys === undefined
        ? undefined
        : { issuer, audience, keys: /^https?:/i.test(keys) ? new URL(keys) : keys },
    // Who opts out of authentication has everybody in mind.
    allowedHosts: values.ZOOGATE_ALLOWED_HOSTS ?? (isLoopback(values.ZOOGATE_HOST) ? [] : undefined),
    publicMetrics: values.ZOOGATE_PUBLIC_METRICS,
    principalPercent:
      percent === 100 || (principalsFile === undefined && issuer === undefined) ? undefined : percent,
    requestRate:
      perSecond === 0 ? undefined : { perSecond, burst: values.ZOOGATE_REQUEST_BURST ?? perSecond },
  };
}

export function tlsFilesOf(values: Values): TlsFiles | undefined {
  const { ZOOGATE_TLS_CERTIFICATE_FILE: certificateFile, ZOOGATE_TLS_KEY_FILE: keyFile } = values;
  return certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile };
}

type Given = Readonly<Record<string, string | undefined>>;

/**
 * What is wrong with the variables together.
 *
 * @param invalid those that are wrong by themselves, which has been said
 */
export function accessProblems(given: Given, invalid: ReadonlySet<unknown>): string[] {
  return [
    ...incomplete(given, ['ZOOGATE_JWT_ISSUER', 'ZOOGATE_JWT_AUDIENCE', 'ZOOGATE_JWT_KEYS']),
    ...incomplete(given, ['ZOOGATE_TLS_CERTIFICATE_FILE', 'ZOOGATE_TLS_KEY_FILE']),
    ...(given.ZOOGATE_REQUEST_BURST !== undefined && !Number(given.ZOOGATE_REQUESTS_PER_SECOND ?? 0)
      ? ['ZOOGATE_REQUEST_BURST needs ZOOGATE_REQUESTS_PER_SECOND beside it']
      : []),
    ...(invalid.has('ZOOGATE_HOST') ? [] : openToOthers(given)),
  ];
}

/** Why the gateway must not listen where it is told to, if it must not. */
function openToOthers({ ZOOGATE_HOST: host = '127.0.0.1', ...given }: Given): string[] {
  const authenticates = ['ZOOGATE_PRINCIPALS_FILE', 'ZOOGATE_API_KEY_HASH', 'ZOOGATE_JWT_ISSUER'].some(
    (name) => given[name] !== undefined,
  );
  if (isLoopback(host) || authenticates || given.ZOOGATE_ALLOW_UNAUTHENTICATED === 'true') return [];
  return [
    `ZOOGATE_HOST is ${host}, where others can reach the gateway, and there is no authentication: set ` +
      'ZOOGATE_PRINCIPALS_FILE, ZOOGATE_API_KEY_HASH (see `npm run key`) or ZOOGATE_JWT_ISSUER; or listen on ' +
      '127.0.0.1; or set ZOOGATE_ALLOW_UNAUTHENTICATED=true when everyone who can reach it may do everything',
  ];
}

/** Names of which some are set and others are not. */
function incomplete(given: Given, names: readonly string[]): string[] {
  const missing = names.filter((name) => given[name] === undefined);
  if (missing.length === 0 || missing.length === names.length) return [];
  const present = names.filter((name) => !missing.includes(name));
  return [`${missing.join(' and ')} must be set together with ${present.join(' and ')}`];
}

/** Whether only programs on the same machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1|::ffff:127(?:\.\d{1,3}){3})$/i.test(host);
}
