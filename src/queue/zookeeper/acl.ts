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
export interface AclEntry {
  readonly permissions: number;
  readonly scheme: string;
  readonly id: string;
}

/** Read, write, create, delete, and change the list itself. */
const allPermissions = 31;

const openAcl: readonly AclEntry[] = [{ permissions: allPermissions, scheme: 'world', id: 'anyone' }];

/** What those who have no credentials, or the owner of the credentials, give to the nodes that they create. */
export function aclOf(owner: Credentials | undefined): readonly AclEntry[] {
  if (owner === undefined) return openAcl;
  const [user = ''] = owner.split(':', 1);
  const digest = createHash('sha1').update(owner).digest('base64');
  return [{ permissions: allPermissions, scheme: 'digest', id: `${user}:${digest}` }];
}

/** Whether everybody has some right. */
export function isOpen(acl: readonly AclEntry[]): boolean {
  return acl.some(({ scheme }) => scheme === 'world');
}

/** Whether the lists say the same. */
export function isSameAcl(one: readonly AclEntry[], other: readonly AclEntry[]): boolean {
  const texts = (entries: readonly AclEntry[]) => entries.map((entry) => JSON.stringify(entry)).sort();
  return texts(one.map(plain)).join() === texts(other.map(plain)).join();
}

/** What the entries of the list add to a packet for each node created. */
export function aclBytes(acl: readonly AclEntry[]): number {
  return acl.reduce((sum, { scheme, id }) => sum + 12 + Buffer.byteLength(scheme) + Buffer.byteLength(id), 0);
}

function plain({ permissions, scheme, id }: AclEntry): AclEntry {
  return { permissions, scheme, id };
}
