/**
 * All environment variables of the program: one schema holds their types, limits, defaults and meanings. The README's
 * table is compared with it by a test.
 */
import { z } from 'zod';
import { parseConnectionString } from './connection-string.ts';

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

export const variables = z.object({
  ZOOGATE_HOST: host.prefault('127.0.0.1').describe('address to listen on'),
  ZOOGATE_PORT: wholeNumber(0, 65535).prefault('8080').describe('port; 0 picks a free one and prints it'),
  ZOOGATE_ZOOKEEPER: connectionString
    .optional()
    .describe(
      'connection string with optional chroot, such as `zk1:2181,zk2:2181,zk3:2181/zoogate`; ' +
        'without it, `npm start` runs an embedded server and `node dist/main.js` refuses to start',
    ),
  ZOOGATE_DATA_DIR: z.string().prefault('./data').describe('where the embedded server keeps its data'),
  // ZooKeeper's own default bounds are 2 and 20 ticks of 2 s; a server that allows less adjusts what is asked for.
  ZOOGATE_SESSION_TIMEOUT_MS: wholeNumber(1000, 120_000)
    .prefault('10000')
    .describe('ZooKeeper session timeout in milliseconds'),
  ZOOGATE_REQUEST_TIMEOUT_MS: wholeNumber(100, 60_000)
    .prefault('5000')
    .describe('longest time in milliseconds that one request may wait for the ensemble before 503 or 504'),
  ZOOGATE_LOG_LEVEL: z
    .enum(logLevels, { error: `expected one of ${logLevels.join(', ')}` })
    .prefault('info')
    .describe(`least severe level that is logged: ${logLevels.map((level) => `\`${level}\``).join(', ')}`),
  // The upper limit leaves room for a message's own overhead below ZooKeeper's limit of 1 MiB for one packet.
  ZOOGATE_MAX_MESSAGE_BYTES: wholeNumber(1, 921_600)
    .prefault('262144')
    .describe('largest size of one message (body and attributes) in bytes, at most 921600'),
  // The smallest values still let the largest request through.
  ZOOGATE_MAX_REQUESTS: wholeNumber(1, 1_000_000)
    .prefault('16000')
    .describe('most requests at a time at one gateway, waiting ones among them; beyond it 429'),
  ZOOGATE_MAX_WAITING_RECEIVES: wholeNumber(0, 1_000_000)
    .prefault('12000')
    .describe('most receives that wait for a message at one gateway; beyond it 429'),
  ZOOGATE_MAX_REQUEST_BYTES: wholeNumber(16 * 1024 * 1024, 1_000_000_000_000)
    .prefault('134217728')
    .describe('most bytes of request bodies in memory at one gateway; beyond it 429'),
  ZOOGATE_MAX_QUEUED_BYTES: wholeNumber(1024 * 1024, 1_000_000_000_000)
    .prefault('67108864')
    .describe('most bytes of messages that wait to be stored at one gateway; beyond it 429'),
  ZOOGATE_MAX_ANSWER_BYTES: wholeNumber(8 * 1024 * 1024, 1_000_000_000_000)
    .prefault('134217728')
    .describe('most bytes of answers that clients have not taken yet at one gateway; beyond it 429'),
  ZOOGATE_MAX_DATA_BYTES: wholeNumber(0, 1_000_000_000_000)
    .prefault('536870912')
    .describe(
      'most data in ZooKeeper, over all queues and gateways, counting 640 bytes for each node beside its data; ' +
        'beyond it publishing is 507, and everything else goes on. About half of the heap of a server (`npm start` sets it to that of its own); 0 for no limit',
    ),
  ZOOGATE_METRICS_NAMES_MAX: wholeNumber(0, 10_000)
    .prefault('100')
    .describe(
      'how many queues, topics and subscriptions have metrics of their own at one gateway, the first that something happens to; all others are added up under the name `_other`',
    ),
  ZOOGATE_OTLP_ENDPOINT: z
    .string()
    .refine(isHttpUrl, 'expected a URL such as http://collector:4318')
    .optional()
    .describe(
      'where traces are sent by OTLP over HTTP, such as `http://collector:4318`; without it there are none, and none of it is loaded',
    ),
  ZOOGATE_AUDIT_FILE: z
    .string()
    .optional()
    .describe(
      'file that the audit log of management operations is appended to; without it, these lines are part of the log',
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

/** What the README says of each variable, in the order of the schema. */
export function documentVariables(): VariableDocumentation[] {
  const { properties = {} } = z.toJSONSchema(variables, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => {
    const { default: defaultValue, description } = z
      .object({ default: z.string().optional(), description: z.string() })
      .parse(property);
    return { name, defaultValue, meaning: description };
  });
}
