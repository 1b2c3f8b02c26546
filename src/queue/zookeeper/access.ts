/**
 * Who may do what with a node. Pure.
 *
 * With credentials, every node that is created belongs to the first of them alone: nobody else can read, change or
 * delete it, whoever connects to the same ensemble. Its owner is named by the digest of the credentials, as a server
 * computes it itself, and not by "auth", which stands for everything that a connection is known as: with certificates
 * of clients that would be the certificate as well, and whoever else has it would own the nodes too.
 */
import { createHash } from 'node:crypto';

/** `user:password`, without line breaks. */
export type Credentials = string;

/** One entry of a node's access control list. */
export interface AccessEntry {
  readonly permissions: number;
  readonly scheme: string;
  readonly id: string;
}

/** Read, write, create, delete, and change the list itself. */
const allPermissions = 31;

const openAccess: readonly AccessEntry[] = [{ permissions: allPermissions, scheme: 'world', id: 'anyone' }];

/** What those who have no credentials, or the owner of the credentials, give to the nodes that they create. */
export function accessOf(owner: Credentials | undefined): readonly AccessEntry[] {
  if (owner === undefined) return openAccess;
  const [user = ''] = owner.split(':', 1);
  const digest = createHash('sha1').update(owner).digest('base64');
  return [{ permissions: allPermissions, scheme: 'digest', id: `${user}:${digest}` }];
}

/** Whether everybody has some right. */
export function isOpen(access: readonly AccessEntry[]): boolean {
  return access.some(({ scheme }) => scheme === 'world');
}

/** Whether the lists say the same. */
export function isSameAccess(one: readonly AccessEntry[], other: readonly AccessEntry[]): boolean {
  const texts = (entries: readonly AccessEntry[]) => entries.map((entry) => JSON.stringify(entry)).sort();
  return texts(one.map(plain)).join() === texts(other.map(plain)).join();
}

/** An upper bound of what the list adds to a packet for each node created. */
export function accessBytes(access: readonly AccessEntry[]): number {
  return access.reduce((sum, { scheme, id }) => sum + 12 + scheme.length + id.length, 0);
}

function plain({ permissions, scheme, id }: AccessEntry): AccessEntry {
  return { permissions, scheme, id };
}
