/**
 * The grammar of a ZooKeeper connection string: `host:port,host:port/chroot`, as every ZooKeeper client takes it.
 * Ports default to 2181; IPv6 addresses stand in brackets; the chroot is optional.
 */

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionString {
  readonly servers: readonly ServerAddress[];
  /** Absolute path under which everything lies, without a slash at its end; empty when there is none. */
  readonly chroot: string;
}

const defaultPort = 2181;
const hostName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const bracketed = /^\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\](?::(.*))?$/;
const chrootName = /^[!-+\--.0-~]+$/;

/** The parts of the string, or a list of what is wrong with it. */
export function parseConnectionString(text: string): ConnectionString | { readonly problems: string[] } {
  const slash = text.indexOf('/');
  const addresses = slash === -1 ? text : text.slice(0, slash);
  const chroot = slash === -1 ? '' : text.slice(slash);
  const problems = chrootProblems(chroot);
  const servers: ServerAddress[] = [];
  for (const address of addresses.split(',')) {
    const server = parseAddress(address.trim());
    if (typeof server === 'string') problems.push(server);
    else servers.push(server);
  }
  if (problems.length > 0) return { problems };
  return { servers, chroot: chroot === '/' ? '' : chroot };
}

function parseAddress(address: string): ServerAddress | string {
  if (address === '') return 'a server address is empty (expected host:port, separated by commas)';
  const inBrackets = bracketed.exec(address);
  const colon = address.indexOf(':');
  const host = inBrackets?.[1] ?? (colon === -1 ? address : address.slice(0, colon));
  const port = inBrackets === null ? (colon === -1 ? undefined : address.slice(colon + 1)) : inBrackets[2];
  if (inBrackets === null && address.split(':').length > 2) {
    return `"${address}" has more than one colon (an IPv6 address stands in brackets, as in [::1]:2181)`;
  }
  if (inBrackets === null && !hostName.test(host)) return `"${host}" is not a host name or address`;
  if (port === undefined) return { host, port: defaultPort };
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65535) {
    return `"${port}" is not a port from 1 to 65535`;
  }
  return { host, port: Number(port) };
}

function chrootProblems(chroot: string): string[] {
  if (chroot === '' || chroot === '/') return [];
  if (chroot.endsWith('/')) return [`the chroot "${chroot}" ends with a slash`];
  const names = chroot.slice(1).split('/');
  if (names[0] === 'zookeeper') return ['the chroot "/zookeeper" is reserved by ZooKeeper itself'];
  return names
    .filter((name) => name === '.' || name === '..' || !chrootName.test(name))
    .map((name) =>
      name === ''
        ? `the chroot "${chroot}" has an empty part`
        : `the part "${name}" of the chroot is not a name of printable ASCII characters`,
    );
}
