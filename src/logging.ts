/**
 * The program's log: JSON lines with ISO times; on a terminal, lines for people. Neither credentials nor what belongs to users is ever written:
 * receipts stand for messages, so they are treated as credentials, in addresses too.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import type { PrettyOptions } from 'pino-pretty';
import type { Configuration } from './config/environment.ts';

const secrets = ['authorization', 'cookie', 'receipt', 'receipts', 'body', 'bodyBase64'];

export function createLogger(level: Configuration['logLevel'], destination?: DestinationStream): Logger {
  const options = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        ...secrets.flatMap((name) => [name, `*.${name}`]),
        ...['authorization', 'cookie', '["set-cookie"]'].map((name) =>
          name.startsWith('[') ? `*.headers${name}` : `*.headers.${name}`,
        ),
      ],
      censor: '[redacted]',
    },
    serializers: { req: describeRequest },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/**
 * Where the log goes: undefined for JSON lines on the output, which is what programs collect; to a terminal, one short
 * line for each entry. What it takes to format lines is loaded only there.
 */
export async function logDestination(output: {
  readonly isTTY?: boolean;
}): Promise<DestinationStream | undefined> {
  return output.isTTY === true ? readableLines({ colorize: true }) : undefined;
}

/** Formats entries for people, and writes them to the output unless a destination is given. */
export async function readableLines(
  options: Pick<PrettyOptions, 'colorize' | 'destination'>,
): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    ...options,
    // The last line must be out before the process is.
    sync: true,
    singleLine: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss.l',
  });
}

interface LoggedRequest {
  readonly method: string;
  readonly url: string;
  readonly ip?: string;
}

function describeRequest(request: LoggedRequest): object {
  // DELETE …/messages/{receipt} is the one address that carries a receipt.
  const url =
    request.method === 'DELETE' ? request.url.replace(/(\/messages\/)[^/?]+/, '$1[redacted]') : request.url;
  return { method: request.method, url, remoteAddress: request.ip };
}
