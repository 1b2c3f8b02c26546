/**
 * All environment variables of the program: one schema holds their types, limits, defaults and meanings. A test compares
 * the table in docs/configuration.md with it.
 */
import { isIP } from 'node:net';
import { z } from 'zod';
import { KEY_HASH } from '../access/api-key.ts';
import { parseConnectionString } from './connection-string.ts';
import { parseCredentials } from './ensemble-access.ts';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const wholeNumber = (min: number, max: number) =>
  z.string().transform((text, context) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
    context.addIssue(`expected a whole number from ${min} to ${max}, got "${text}"`);
    return z.NEVER;
  });

const host = z.string().regex(/^[A-Za-z0-9:][A-Za-z0-9.:_%-]*$/, 'expected a host name or an IP address');

const connectionString = z.string().superRefine((text, context) => {
  const parsed = parseConnectionString(text);
  if ('problems' in parsed) for (const problem of parsed.problems) context.addIssue(problem);
});

const credentials = z.string().transform((text, context) => {
  const parsed = parseCredentials(text);
  if (!('problem' in parsed)) return parsed;
  context.addIssue(parsed.problem);
  return z.NEVER;
});

const trueOrFalse = z
  .enum(['true', 'false'], { error: 'expected true or false' })
  .transform((text) => text === 'true');

const keyHash = z
  .string()
  .regex(KEY_HASH, 'expected the hash of a key, as `npm run key` prints it: sha256:…');

const hostNames = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  if (names.every((name) => /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name))) return names;
  context.addIssue('expected host names without ports, separated by commas');
  return z.NEVER;
});

/** Addresses of IPv4 and IPv6, and ranges of them. One of all addresses would have everybody believed. */
const addressRanges = z.string().transform((text, context) => {
  const ranges = text.split(',').map((range) => range.trim());
  for (const range of ranges) {
    const [address = '', bits, ...rest] = range.split('/');
    const bitsMax = isIP(address) === 6 ? 128 : 32;
    const isRange = bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= bitsMax);
    if (isIP(address) !== 0 && isRange && rest.length === 0) continue;
    context.addIssue(`expected addresses or ranges such as 10.0.0.0/8, separated by commas, got "${range}"`);
  }
  return ranges;
});

/** Whoever can change what comes from there can make credentials. */
const keySet = z.string().superRefine((text, context) => {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && url.username + url.password !== '') {
    context.addIssue('expected a URL without a name and a password');
    return;
  }
  if (url?.protocol === 'https:') return;
  if (url?.protocol === 'http:' && /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) return;
  context.addIssue('expected an https URL (http only on this machine) or the path of a file');
});

export const variables = z.object({
  ZOOGATE_HOST: host.prefault('127.0.0.1').describe('address to listen on'),
  ZOOGATE_PORT: wholeNumber(0, 65535).prefault('8080').describe('port; 0 picks a free one and prints it'),
  ZOOGATE_ZOOKEEPER: connectionString
    .optional()
    .describe(
      'connection string with optional chroot, such as `zk1:2181,zk2:2181,zk3:2181/zoogate`; ' +
        'without it, `npm start` runs an embedded server and `node dist/main.js` refuses to start',
    ),
  ZOOGATE_ZOOKEEPER_CREDENTIALS: credentials
    .optional()
    .describe(
      '`user:password` that owns all nodes of zoogate in ZooKeeper, so that other clients of the ensemble can neither read ' +
        'nor change them; a gateway presents further lines as well, but creates nothing with them',
    ),
  ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE: z
    .string()
    .optional()
    .describe('file with the credentials, in place of the variable'),
  ZOOGATE_ZOOKEEPER_TLS: trueOrFalse
    .prefault('false')
    .describe(
      '`true` connects to the secure client ports of the servers (TLS) and checks their certificates',
    ),
  ZOOGATE_ZOOKEEPER_TLS_CA_FILE: z
    .string()
    .optional()
    .describe(
      'certificates (PEM) of the authorities that may issue the servers’ certificates; by default the public ones that Node.js trusts',
    ),
  ZOOGATE_ZOOKEEPER_TLS_CERTIFICATE_FILE: z
    .string()
    .optional()
    .describe(
      'certificate chain (PEM) for servers that ask for one; read again for each connection, like its key',
    ),
  ZOOGATE_ZOOKEEPER_TLS_KEY_FILE: z.string().optional().describe('private key (PEM) of the certificate'),
  ZOOGATE_ZOOKEEPER_TLS_CHECK_HOST_NAMES: trueOrFalse
    .prefault('true')
    .describe('`false` accepts any valid certificate, whichever host it names'),
  ZOOGATE_DATA_DIR: z
    .string()
    .prefault('./data')
    .describe('directory in which the embedded server keeps its data'),
  // ZooKeeper's own default bounds are 2 and 20 ticks of 2 s; a server that allows less adjusts what is asked for.
  ZOOGATE_SESSION_TIMEOUT_MS: wholeNumber(1000, 120_000)
    .prefault('10000')
    .describe('ZooKeeper session timeout in milliseconds'),
  ZOOGATE_REQUEST_TIMEOUT_MS: wholeNumber(100, 60_000)
    .prefault('5000')
    .describe(
      'longest time in milliseconds that one request waits for the ensemble before it is answered 503 or 504',
    ),
  ZOOGATE_LOG_LEVEL: z
    .enum(logLevels, { error: `expected one of ${logLevels.join(', ')}` })
    .prefault('info')
    .describe(
      `least severe level that the gateway logs: ${logLevels.map((level) => `\`${level}\``).join(', ')}`,
    ),
  // The upper limit leaves room for a message's own overhead below ZooKeeper's limit of 1 MiB for one packet.
  ZOOGATE_MAX_MESSAGE_BYTES: wholeNumber(1, 921_600)
    .prefault('262144')
    .describe('largest size of one message (body and attributes) in bytes, at most 921600'),
  // The smallest values still let the largest request through.
  ZOOGATE_MAX_REQUESTS: wholeNumber(1, 1_000_000)
    .prefault('16000')
    .describe(
      'most requests at one time at one gateway, waiting ones included; further ones are answered 429',
    ),
  ZOOGATE_MAX_WAITING_RECEIVES: wholeNumber(0, 1_000_000)
    .prefault('12000')
    .describe('most receives that wait for a message at one gateway; further ones are answered 429'),
  ZOOGATE_MAX_REQUEST_BYTES: wholeNumber(16 * 1024 * 1024, 1_000_000_000_000)
    .prefault('134217728')
    .describe('most bytes of request bodies in the memory of one gateway; further requests are answered 429'),
  ZOOGATE_MAX_QUEUED_BYTES: wholeNumber(1024 * 1024, 1_000_000_000_000)
    .prefault('67108864')
    .describe(
      'most bytes of messages that wait for their write at one gateway; further ones are answered 429',
    ),
  ZOOGATE_MAX_ANSWER_BYTES: wholeNumber(8 * 1024 * 1024, 1_000_000_000_000)
    .prefault('134217728')
    .describe(
      'most bytes of answers that clients have not read yet at one gateway; further requests are answered 429',
    ),
  ZOOGATE_MAX_DATA_BYTES: wholeNumber(0, 1_000_000_000_000)
    .prefault('536870912')
    .describe(
      'most data in ZooKeeper, over all queues and gateways, with 640 bytes for each node added to its data; beyond it ' +
        'publishing is answered 507 and everything else goes on. Set it to half of a server’s heap (`npm start` does so for its own server); 0 for no limit',
    ),
  ZOOGATE_PRINCIPALS_FILE: z
    .string()
    .optional()
    .describe(
      'file with the principals that may use the gateway, and their rights; read again when it changes',
    ),
  ZOOGATE_API_KEY_HASH: keyHash
    .optional()
    .describe('hash of one API key with all rights, as `npm run key` prints it'),
  ZOOGATE_JWT_ISSUER: z
    .string()
    .optional()
    .describe('`iss` of the JSON Web Tokens that the gateway accepts; set all three `ZOOGATE_JWT_…` or none'),
  ZOOGATE_JWT_AUDIENCE: z.string().optional().describe('`aud` that a token must have'),
  ZOOGATE_JWT_KEYS: keySet
    .optional()
    .describe('https URL or file of the issuer’s public keys, as a JSON Web Key Set'),
  ZOOGATE_ALLOW_UNAUTHENTICATED: trueOrFalse
    .prefault('false')
    .describe(
      '`true` lets a gateway without authentication listen on an address that others can reach: everybody there may do everything',
    ),
  ZOOGATE_ALLOWED_HOSTS: hostNames
    .optional()
    .describe(
      'without authentication: domain names that the gateway accepts as the `Host` of a request, beside addresses and names without a dot; by default none on loopback, and any with `ZOOGATE_ALLOW_UNAUTHENTICATED`',
    ),
  ZOOGATE_PUBLIC_METRICS: trueOrFalse
    .prefault('false')
    .describe(
      '`true` lets everybody read `/metrics`, which contains the names of queues, without credentials',
    ),
  ZOOGATE_REQUESTS_PER_SECOND: wholeNumber(0, 1_000_000)
    .prefault('0')
    .describe(
      'most requests a second of one principal at one gateway; further ones are answered 429; 0 for no limit',
    ),
  ZOOGATE_REQUEST_BURST: wholeNumber(1, 1_000_000)
    .optional()
    .describe(
      'most requests that one principal may send at once after a pause; by default the number for one second',
    ),
  ZOOGATE_PRINCIPAL_PERCENT: wholeNumber(1, 100)
    .prefault('25')
    .describe(
      'largest share of `ZOOGATE_MAX_REQUESTS`, `ZOOGATE_MAX_WAITING_RECEIVES` and `ZOOGATE_MAX_REQUEST_BYTES` that one principal may take, in percent; further requests are answered 429; 100 for no limit. Without authentication, or with `ZOOGATE_API_KEY_HASH` alone, the only principal may take all',
    ),
  ZOOGATE_TLS_CERTIFICATE_FILE: z
    .string()
    .optional()
    .describe(
      'certificate chain (PEM) with which the gateway speaks TLS; read again when it changes, like its key',
    ),
  ZOOGATE_TLS_KEY_FILE: z.string().optional().describe('private key (PEM) of the certificate'),
  ZOOGATE_TRUSTED_PROXIES: addressRanges
    .optional()
    .describe(
      'addresses, and ranges such as `10.0.0.0/8`, of the load balancers whose `X-Forwarded-For` the gateway believes, for the client addresses in the log and the audit log; by default none',
    ),
  ZOOGATE_METRICS_NAMES_MAX: wholeNumber(0, 10_000)
    .prefault('100')
    .describe(
      'how many queues, topics and subscriptions have metrics of their own at one gateway, in the order of their first use; the gateway adds up all others under the name `_other`',
    ),
  ZOOGATE_OTLP_ENDPOINT: z
    .string()
    .refine(isHttpUrl, 'expected a URL such as http://collector:4318')
    .optional()
    .describe(
      'URL to which the gateway sends traces by OTLP over HTTP, such as `http://collector:4318`; without it, there are no traces, and nothing of OpenTelemetry’s SDK is loaded',
    ),
  ZOOGATE_AUDIT_FILE: z
    .string()
    .optional()
    .describe(
      'file to which the gateway appends the audit log of management operations; without it, these lines are part of the log',
    ),
});

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

export interface VariableDocumentation {
  readonly name: string;
  readonly defaultValue: string | undefined;
  readonly meaning: string;
}

/** What docs/configuration.md says of each variable, in the order of the schema. */
export function documentVariables(): VariableDocumentation[] {
  const { properties = {} } = z.toJSONSchema(variables, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { default: defaultValue, description } = z
      .object({ default: z.string().optional(), description: z.string() })
      .parse(property);
    return { name, defaultValue, meaning: description };
  });
}
