#!/usr/bin/env -S node --enable-source-maps --max-semi-space-size=32
/**
 * The program: the only file that knows the process's environment, its signals, its output and its end.
 *
 * Exit codes: 0 after a graceful shutdown, 1 when it could not start, ended by an uncaught error, or was told a
 * second time to stop while it was stopping.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import {
  ConfigurationError,
  type GatewayConfiguration,
  readGatewayConfiguration,
} from './config/environment.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { createLogger, logDestination } from './logging.ts';

/** Time for those who ask /readyz to see that it has turned, while everything is still answered. */
const noticeMs = 500;
/** What is in flight gets this long to finish; the broker's own end comes on top. */
const drainLimitMs = 10_000;
const shutdownLimitMs = 15_000;

const configuration = readOrExit();
const logger = createLogger(configuration.logLevel, await logDestination(process.stdout));
const gateway = await startOrExit(configuration);

const shutdown = closeWithGrace({ delay: shutdownLimitMs, logger: false }, async ({ signal, err }) => {
  if (err === undefined) logger.info({ signal }, 'stopping');
  else logger.fatal({ err }, 'stopping after an uncaught error');
  gateway.drain();
  await sleep(noticeMs);
  await gateway.close(drainLimitMs);
  logger.info('stopped');
});

// Started by a parent that wants to know the address: it is told, and not outlived.
if (process.send !== undefined) {
  process.on('disconnect', () => shutdown.close());
  process.send({ listening: gateway.url });
}

function readOrExit(): GatewayConfiguration {
  try {
    return readGatewayConfiguration(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    exitWith(error.message);
  }
}

async function startOrExit(settings: GatewayConfiguration): Promise<Gateway> {
  try {
    const started = await startGateway(settings, logger);
    // The application logs it as well; this is for people, at every log level.
    process.stdout.write(`zoogate listens on ${started.url}\n`);
    return started;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    exitWith(
      code === 'EADDRINUSE'
        ? `Port ${settings.port} of ${settings.host} is taken by another program. ` +
            'Set ZOOGATE_PORT to another one, or to 0 to have a free one picked.'
        : `The gateway cannot start: ${message}`,
    );
  }
}

function exitWith(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
