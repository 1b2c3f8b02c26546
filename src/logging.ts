/**
 * The program's log: JSON lines with ISO times. Neither credentials nor what belongs to users is ever written:
 * receipts stand for messages, so they are treated as credentials, in addresses too.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
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
