import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { createLogger, readableLines } from '../../src/logging.ts';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  write(createLogger('info', { write: (line) => lines.push(line) }));
  return lines.join('');
}

test('a line is JSON with an ISO time', () => {
  const line = JSON.parse(logged((logger) => logger.info({ queue: 'orders' }, 'created')));
  expect(line).toMatchObject({ queue: 'orders', msg: 'created' });
  expect(new Date(line.time).toISOString()).toBe(line.time);
});

test('credentials, receipts and bodies are left out', () => {
  const secret = 'c2VjcmV0';
  const headers = { authorization: secret, cookie: secret, 'set-cookie': secret };
  const text = logged((logger) =>
    logger.info({
      request: { headers },
      receipts: [secret],
      message: { receipt: secret, body: secret, bodyBase64: secret },
      req: { method: 'DELETE', url: `/v1/queues/orders/messages/${secret}?x=1`, headers },
    }),
  );
  expect(text).not.toContain(secret);
  expect(text).toContain('/v1/queues/orders/messages/[redacted]?x=1');
});

test('for people a line is short, and leaves out the same', async () => {
  const chunks: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const logger = createLogger('info', await readableLines({ colorize: false, destination }));
  logger.info({ route: '/v1/queues/:queue', statusCode: 201, receipts: ['c2VjcmV0'] }, 'request');
  const text = chunks.join('');
  expect(text).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: request \{"route":"\/v1\/queues\/:queue","statusCode":201,.*\}\n$/,
  );
  expect(text).not.toContain('c2VjcmV0');
});
