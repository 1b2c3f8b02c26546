/**
 * Another client of the same ensemble: the client library as it comes, without anything of ours. What it is refused
 * comes back as the name of ZooKeeper's error.
 */
import { once } from 'node:events';
import { ACL, type Client, createClient, Exception, Id, Permission } from 'node-zookeeper-client';
import { aclOf } from '../../src/queue/zookeeper/acl.ts';

export interface SecondClient {
  /** Paths of all nodes below the path that it can list, and of the node itself. */
  walk(path: string): Promise<string[]>;
  read(path: string): Promise<string>;
  list(path: string): Promise<string[]>;
  /** As `scheme:id:permissions`. */
  acl(path: string): Promise<string[]>;
  exists(path: string): Promise<boolean>;
  /** Open to everybody, or to whoever has the credentials. */
  create(path: string, data?: string, owner?: string): Promise<string>;
  set(path: string, data: string): Promise<string>;
  remove(path: string): Promise<string>;
  open(path: string): Promise<string>;
  checkInTransaction(path: string): Promise<string>;
  close(): void;
}

type Callback<Value> = (error: Error | Exception | null, value: Value) => void;

/** @param credentials `user:password`; a client without any when left out */
export async function openSecondClient(address: string, credentials?: string): Promise<SecondClient> {
  const client: Client = createClient(address, { sessionTimeout: 10_000, retries: 0 });
  if (credentials !== undefined) client.addAuthInfo('digest', Buffer.from(credentials));
  const connected = once(client, 'connected');
  client.connect();
  await connected;
  const ask = <Value>(send: (callback: Callback<Value>) => void) =>
    new Promise<Value>((resolve, reject) => {
      send((error, value) => (error ? reject(error) : resolve(value)));
    });
  /** 'ok', or the name of the error. */
  const attempt = async (send: (callback: Callback<unknown>) => void): Promise<string> => {
    try {
      await ask(send);
      return 'ok';
    } catch (error) {
      if (error instanceof Exception) return (error as unknown as { name: string }).name;
      throw error;
    }
  };
  const list = (path: string) => ask<string[]>((callback) => client.getChildren(path, callback));
  const second: SecondClient = {
    list,
    async walk(path) {
      const children = await list(path);
      const below = await Promise.all(
        children.map((name) => second.walk(path === '/' ? `/${name}` : `${path}/${name}`)),
      );
      return [path, ...below.flat()];
    },
    read: async (path) => String(await ask<Buffer>((callback) => client.getData(path, callback))),
    async acl(path) {
      const entries = await ask<{ permission: number; id: Id }[]>((callback) =>
        client.getACL(path, callback as unknown as Callback<ACL[]>),
      );
      return entries.map(({ permission, id }) => `${id.scheme}:${id.id}:${permission}`);
    },
    exists: async (path) => (await ask<unknown>((callback) => client.exists(path, callback))) !== null,
    create(path, data = '', owner = undefined) {
      const acl = aclOf(owner).map(({ permissions, scheme, id }) => new ACL(permissions, new Id(scheme, id)));
      return attempt((callback) => client.create(path, Buffer.from(data), acl, callback));
    },
    set: (path, data) => attempt((callback) => client.setData(path, Buffer.from(data), callback)),
    remove: (path) => attempt((callback) => client.remove(path, (error) => callback(error, undefined))),
    open: (path) => {
      const acl = [new ACL(Permission.ALL, new Id('world', 'anyone'))];
      return attempt((callback) => client.setACL(path, acl, callback));
    },
    checkInTransaction: (path) =>
      attempt((callback) =>
        client
          .transaction()
          .check(path)
          .commit(callback as Callback<unknown>),
      ),
    close: () => client.close(),
  };
  return second;
}
