/**
 * How the listener is secured: TLS, and the authentication of clients. Opened from the configuration; changes of the
 * files that it names are followed while the gateway runs.
 */
import type { Server } from 'node:http';
import type { FastifyBaseLogger } from 'fastify';
import { openAuthentication } from '../access/index.ts';
import { isLoopback } from '../config/access.ts';
import type { GatewayConfiguration } from '../config/environment.ts';
import { type AccessRules, RECHECK_MS } from '../routes/http/authenticator.ts';
import { renewIdentity, type TlsIdentity, watchIdentity } from './tls.ts';

export interface ListenerSecurity {
  readonly access: AccessRules;
  /** Undefined: plain HTTP. */
  readonly tls: TlsIdentity | undefined;
  /** The server that is to have each new certificate. */
  guard(server: Server): void;
  /** Stops following files. */
  close(): void;
}

/** Rejects with what is wrong with a file. */
export async function openListenerSecurity(
  configuration: Pick<GatewayConfiguration, 'access' | 'tls' | 'host'>,
  logger: FastifyBaseLogger,
): Promise<ListenerSecurity> {
  const { access, tls, host } = configuration;
  let server: Server | undefined;
  const files =
    tls === undefined
      ? undefined
      : await watchIdentity(
          tls,
          (identity) => {
            if (server !== undefined) renewIdentity(server, identity);
            logger.info({ file: tls.certificateFile }, 'the certificate has changed');
          },
          ({ message }) =>
            logger.warn(
              { file: tls.certificateFile, reason: message },
              'the new certificate is refused; the old one stays',
            ),
        );
  const authentication = await openAuthentication(access, logger).catch((error: unknown) => {
    files?.close();
    throw error;
  });
  if (authentication === undefined) {
    const say = isLoopback(host) ? 'info' : 'warn';
    logger[say](
      { host },
      'there is no authentication: everyone who can reach this address may do everything',
    );
  }
  const { allowedHosts, publicMetrics, requestRate } = access;
  return {
    access: {
      authentication,
      allowedHosts,
      publicMetrics,
      publicVersion: isLoopback(host),
      requestRate,
      recheckMs: RECHECK_MS,
    },
    tls: files?.current,
    guard(guarded) {
      server = guarded;
    },
    close() {
      files?.close();
      authentication?.close();
    },
  };
}
