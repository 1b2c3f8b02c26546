/**
 * Opens sockets to servers: plain ones, or TLS ones whose other end has proved who it is before it gets a byte of
 * ours. The client library knows only plain ones.
 *
 * Certificates and keys are read anew for each connection, for they are renewed while a gateway runs. What cannot be
 * used, as while files are being replaced, leaves the ones before in force.
 */
import { connect, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, connect as tlsConnect } from 'node:tls';
import type { ServerAddress } from './address.ts';
import type { WarningLog } from './warning-log.ts';

/** As PEM. */
export interface TlsMaterial {
  /** Authorities that may have issued the servers' certificates; those of Node.js when left out. */
  readonly ca?: Buffer;
  /** What we show to servers that ask for it, and its key. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface EnsembleTls {
  /** Whether a server's certificate must be for the name or address that is connected to. */
  readonly checksHostNames: boolean;
  /** What the files hold by now; may throw. */
  readonly readMaterial: () => TlsMaterial;
}

export interface OpenedSocket {
  readonly socket: Socket;
  /** The event upon which it takes our bytes. */
  readonly readyEvent: 'connect' | 'secureConnect';
}

export class EnsembleSockets {
  readonly #tls: EnsembleTls | undefined;
  readonly #warnings: WarningLog;
  #context: SecureContext | undefined;

  /** @throws Error when certificates or keys cannot be used */
  constructor(tls: EnsembleTls | undefined, warnings: WarningLog) {
    this.#tls = tls;
    this.#warnings = warnings;
    if (tls !== undefined) this.#context = contextOf(tls);
  }

  open({ host, port }: ServerAddress): OpenedSocket {
    if (this.#tls === undefined) {
      return { socket: connect({ host, port, noDelay: true }), readyEvent: 'connect' };
    }
    const socket = tlsConnect({
      host,
      port,
      secureContext: this.#currentContext(this.#tls),
      rejectUnauthorized: true,
      ...(this.#tls.checksHostNames ? {} : { checkServerIdentity: () => undefined }),
    });
    socket.setNoDelay(true);
    return { socket, readyEvent: 'secureConnect' };
  }

  #currentContext(tls: EnsembleTls): SecureContext | undefined {
    try {
      this.#context = contextOf(tls);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#warnings.warn(
        { reason },
        'certificates or keys for ZooKeeper cannot be used; the ones before stay',
      );
    }
    return this.#context;
  }
}

function contextOf(tls: EnsembleTls): SecureContext {
  return createSecureContext({ ...tls.readMaterial(), minVersion: 'TLSv1.2' });
}
