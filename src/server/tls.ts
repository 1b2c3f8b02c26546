/**
 * The gateway's own TLS: the options of its HTTPS server, and the change of its certificate while it runs.
 */
import type { Server } from 'node:http';
import { createSecureContext, type SecureContextOptions, Server as TlsServer } from 'node:tls';
import type { TlsFiles } from '../config/access.ts';
import { WatchedFiles } from '../config/watched-files.ts';

/** A certificate chain and its key, as PEM. */
export interface TlsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** For a client to finish the handshake: as long as it may take over its headers. */
const HANDSHAKE_LIMIT_MS = 15_000;

/** How long browsers remember to ask in no other way: two years. */
export const STRICT_TRANSPORT_SECURITY = 'max-age=63072000';

/** Options of an HTTPS server. */
export function secureOptions(identity: TlsIdentity) {
  return { ...contextOptions(identity), handshakeTimeout: HANDSHAKE_LIMIT_MS };
}

/** New connections get this identity from now on; those that are open keep theirs. */
export function renewIdentity(server: Server, identity: TlsIdentity): void {
  if (server instanceof TlsServer) server.setSecureContext(contextOptions(identity));
}

/**
 * Reads a certificate and its key, and again when they change. Rejects with what is wrong with them.
 *
 * @param onRefused told why new files cannot be used; the identity stays as it was
 */
export async function watchIdentity(
  { certificateFile, keyFile }: TlsFiles,
  onChanged: (identity: TlsIdentity) => void,
  onRefused: (error: Error) => void,
): Promise<WatchedFiles<TlsIdentity>> {
  const paths = [certificateFile, keyFile];
  try {
    return await WatchedFiles.open({ paths, parse: identityOf, onChanged, onRefused });
  } catch (error) {
    throw new Error(`${paths.join(' and ')} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws when the two do not belong together, or are not what they should be. */
function identityOf([cert, key]: readonly Buffer[]): TlsIdentity {
  if (cert === undefined || key === undefined) throw new Error('a certificate and a key are two files');
  createSecureContext(contextOptions({ cert, key }));
  return { cert, key };
}

/** Versions before TLS 1.2 are broken. */
function contextOptions(identity: TlsIdentity): SecureContextOptions {
  return { ...identity, minVersion: 'TLSv1.2' };
}
