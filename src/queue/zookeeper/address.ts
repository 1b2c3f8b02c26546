/**
 * Where the ensemble is: `host:port,host:port,[v6]:port/chroot`. Pure. The chroot is kept here and put in front of
 * every path by the session, because the client can neither create its own chroot nor split an IPv6 address.
 */

import { assertPath } from './writes.ts';

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface EnsembleAddress {
  readonly servers: readonly ServerAddress[];
  /** Empty, or an absolute path without a slash at its end. */
  readonly chroot: string;
}

const defaultPort = 2181;
const serverPattern = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/;

/** Parses a connection string; throws an Error that says what is wrong with it. */
export function parseEnsembleAddress(connectionString: string): EnsembleAddress {
  const slash = connectionString.indexOf('/');
  const hosts = slash < 0 ? connectionString : connectionString.slice(0, slash);
  const servers = hosts.split(',').map((each) => parseServer(each.trim()));
  return { servers, chroot: slash < 0 ? '' : parseChroot(connectionString.slice(slash)) };
}

/** The path as the ensemble knows it. */
export function fullPath(chroot: string, path: string): string {
  if (path !== '/') return chroot + path;
  return chroot === '' ? '/' : chroot;
}

/** The chroot and its ancestors, outermost first. */
export function chrootNodes(chroot: string): string[] {
  const parts = chroot.split('/').slice(1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

function parseServer(text: string): ServerAddress {
  const match = serverPattern.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new Error(`not a server address: "${text}" (expected host:port, IPv6 addresses in brackets)`);
  }
  return { host, port };
}

function parseChroot(text: string): string {
  const chroot = text.replace(/\/$/, '');
  try {
    if (chroot !== '') assertPath(chroot);
  } catch (cause) {
    throw new Error(`not a chroot: "${text}"`, { cause });
  }
  return chroot;
}
