/** A gateway within the test's own process, with its log: quicker to start than a process, and as real otherwise. */
import { readGatewayConfiguration } from '../../src/config/environment.ts';
import { startGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/logging.ts';
import { waitUntil } from './wait-until.ts';

export interface LocalGateway {
  readonly url: string;
  /** Everything logged so far. */
  readonly log: string;
  whenReady(): Promise<void>;
  /** Status of /readyz. */
  readyStatus(): Promise<number>;
  close(): Promise<void>;
}

/** Listens when it returns; need not be ready. */
export async function startLocalGateway(
  zooKeeper: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<LocalGateway> {
  let log = '';
  const destination = {
    write(line: string) {
      log += line;
    },
  };
  const environment = { ZOOGATE_ZOOKEEPER: zooKeeper, ZOOGATE_PORT: '0', ...variables };
  const configuration = readGatewayConfiguration(environment);
  const gateway = await startGateway(configuration, createLogger(configuration.logLevel, destination));
  const readyStatus = async () => (await fetch(`${gateway.url}/readyz`)).status;
  return {
    url: gateway.url,
    get log() {
      return log;
    },
    whenReady: () => waitUntil(async () => (await readyStatus()) === 200, 'the gateway is ready'),
    readyStatus,
    close: () => gateway.close(1_000),
  };
}
