#!/usr/bin/env node
/**
 * A program beside the gateway: gives a tree in ZooKeeper that was made without credentials, or with others, to those
 * that gateways are given now. It takes the same variables as a gateway; `--check` only looks.
 *
 * Exit codes: 0 when everything belongs to the credentials alone, 1 when not, or when it could not be done.
 */
import { readEnsembleSecurity } from './config/ensemble-security.ts';
import { ConfigurationError, readGatewayConfiguration } from './config/environment.ts';
import { createLogger } from './logging.ts';
import { type SecuredTree, secureTree } from './queue/zookeeper/secure-tree.ts';

try {
  process.exitCode = (await secure(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(
    error instanceof ConfigurationError ? `${error.message}\n` : `Not done: ${error.message}\n`,
  );
  process.exitCode = 1;
}

/** @returns whether all is secure now */
async function secure(options: readonly string[]): Promise<boolean> {
  const unknown = options.find((option) => option !== '--check');
  if (unknown !== undefined) throw new Error(`${unknown} is not an option; there is --check`);
  const isDryRun = options.includes('--check');
  const configuration = readGatewayConfiguration(process.env);
  const { sessionTimeoutMs, requestTimeoutMs, zooKeeper } = configuration;
  const security = readEnsembleSecurity(configuration.ensembleAccess);
  const [owner, ...others] = security.credentials;
  if (owner === undefined) {
    throw new Error(
      'set ZOOGATE_ZOOKEEPER_CREDENTIALS or ZOOGATE_ZOOKEEPER_CREDENTIALS_FILE, as for the gateways',
    );
  }
  const tree = await secureTree({
    connectionString: zooKeeper,
    ...security,
    ...{ credentials: [owner, ...others], sessionTimeoutMs, requestTimeoutMs, isDryRun },
    logger: createLogger('warn'),
    report: (nodes) => print(`${nodes} nodes so far`),
  });
  print(describe(tree));
  return tree.open === 0 && tree.foreign === 0;
}

function describe({ nodes, open, foreign, changed }: SecuredTree): string {
  return [
    `${nodes} nodes: ${nodes - open - foreign} belong to the credentials, ${changed} of them since now`,
    ...(open === 0 ? [] : [`${open} are open to everybody who connects to the ensemble`]),
    ...(foreign === 0 ? [] : [`${foreign} give rights to others`]),
  ].join('; ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
