/** The address that a request comes from, for logs only: nothing is decided by it. */
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * The address of the client, as far as trusted proxies tell it; else that of the other end of the connection, such as
 * of a trusted proxy that has passed on what is no address. To be asked before the client can have left.
 */
export function remoteAddressOf({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return isIP(ip) === 0 ? (socket.remoteAddress ?? '') : ip;
}
