/**
 * One node-zookeeper-client object, made safe: the only file that imports the package. It owns one session, connects
 * and reconnects for ever, and is of no more use once `expired` was reported. `guarded-connection.ts` guards what
 * happens on the wire; every change is made to this one object, none to the package.
 *
 * Replies come through callbacks that get a code instead of exceptions: any code that the ensemble may invent, 0 for
 * success, `connectionLoss` when the connection went first. Paths are the ensemble's own: the client's chroot is not
 * used. Transactions are put into bytes here, and their replies taken out of them: the client takes a version of 0 in
 * one for "any version", throws at codes that it does not know, and is slow.
 */

import { ACL, type Client, createClient, Id } from 'node-zookeeper-client';
import { type AclEntry, aclOf, type Credentials } from './acl.ts';
import { type ConnectionManager, connectionManagerOf } from './client-internals.ts';
import { replyCode } from './codes.ts';
import { type ConnectionOptions, GuardedConnection } from './guarded-connection.ts';
import type { RawStat } from './node-stat.ts';
import type { Write } from './store.ts';
import {
  encodedAcl,
  type OperationReply,
  TRANSACTION_TYPE,
  transactionFrame,
  transactionResults,
} from './transaction-frames.ts';
import type { WatchClaim } from './watches.ts';

export interface ClientEvents {
  /** Requests may be sent. */
  connected(): void;
  /** Every request without a reply has been failed; it reconnects by itself. */
  disconnected(): void;
  /** The session is over, or was refused; make another client. */
  expired(): void;
  /** The ensemble does not take the credentials; the session is over as well. */
  rejected(): void;
  /** The socket takes more after it was full. */
  drained(): void;
}

export interface GuardedClientOptions extends Omit<ConnectionOptions, 'drained'> {
  readonly sessionTimeoutMs: number;
  /** Presented on each connection before any request; the first owns all nodes that are created. */
  readonly credentials: readonly Credentials[];
  readonly events: ClientEvents;
}

/** A reply: code 0 and a value, or another code. */
export type Reply<T> = (code: number, value?: T) => void;

/** An entry in the reply to a question for a node's access control list. */
interface RawAclEntry {
  readonly perms: number;
  readonly id: { readonly scheme: string; readonly id: string };
}

export class GuardedClient {
  readonly #client: Client;
  readonly #manager: ConnectionManager;
  readonly #connection: GuardedConnection;
  readonly #acl: ACL[];
  readonly #encodedAcl: Buffer;

  constructor(options: GuardedClientOptions) {
    const { events, sessionTimeoutMs, credentials } = options;
    const acl = aclOf(credentials[0]);
    this.#acl = acl.map(toAcl);
    this.#encodedAcl = encodedAcl(acl);
    // The address is never used: sockets are made by the guarded connection, from addresses that were parsed here.
    this.#client = createClient('guarded', { sessionTimeout: sessionTimeoutMs, retries: 0 });
    this.#manager = connectionManagerOf(this.#client);
    this.#connection = new GuardedConnection(this.#manager, { ...options, drained: () => events.drained() });
    this.#client.on('connected', () => {
      this.#connection.shookHands();
      events.connected();
    });
    this.#client.on('disconnected', () => events.disconnected());
    this.#client.on('expired', () => {
      this.#connection.abandon();
      events.expired();
    });
    this.#client.on('authenticationFailed', () => {
      this.#connection.abandon();
      events.rejected();
    });
    // The client sends them right behind its handshake, and nothing that could overtake them ever waits.
    for (const each of credentials) this.#client.addAuthInfo('digest', Buffer.from(each));
  }

  /** Whether the handshake is done and the connection up. */
  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** Whether a request that is sent now goes to the socket, in this turn of the event loop. */
  get isWritable(): boolean {
    return this.#connection.isWritable;
  }

  connect(): void {
    this.#manager.connect();
  }

  /** The connection has proved to be of use. */
  confirm(): void {
    this.#connection.confirm();
  }

  /** Ends the connection, not the session. */
  drop(reason: string): void {
    this.#connection.drop(reason);
  }

  /** Ends the session if it can be done soon, and the connection in any case. */
  close(): Promise<void> {
    return this.#connection.close();
  }

  getData(path: string, claim: WatchClaim | undefined, reply: Reply<{ data: Buffer; stat: RawStat }>): void {
    const done = (error: unknown, data: Buffer | undefined, stat: RawStat) =>
      reply(replyCode(error), { data: data ?? Buffer.alloc(0), stat });
    if (claim) this.#client.getData(path, claim, done);
    else this.#client.getData(path, done);
  }

  exists(path: string, claim: WatchClaim | undefined, reply: Reply<RawStat | undefined>): void {
    const done = (error: unknown, stat: RawStat | null) => reply(replyCode(error), stat ?? undefined);
    if (claim) this.#client.exists(path, claim, done);
    else this.#client.exists(path, done);
  }

  getChildren(
    path: string,
    claim: WatchClaim | undefined,
    reply: Reply<{ children: string[]; stat: RawStat }>,
  ): void {
    const done = (error: unknown, children: string[], stat: RawStat) =>
      reply(replyCode(error), { children, stat });
    if (claim) this.#client.getChildren(path, claim, done);
    else this.#client.getChildren(path, done);
  }

  create(path: string, reply: Reply<undefined>): void {
    this.#client.create(path, Buffer.alloc(0), this.#acl, (error) => reply(replyCode(error)));
  }

  getAcl(path: string, reply: Reply<readonly AclEntry[]>): void {
    // The client's own handling of the reply throws at permissions that it does not know.
    const connectionManager: Pick<ConnectionManager, 'queue'> = {
      queue: (request) =>
        this.#manager.queue(request, (error, response) => {
          const payload = response?.payload as { acl: readonly RawAclEntry[] } | null | undefined;
          reply(replyCode(error), payload?.acl.map(fromRaw));
        }),
    };
    const client = Object.assign(Object.create(this.#client), { connectionManager }) as Client;
    client.getACL(path, () => {});
  }

  setAcl(path: string, acl: readonly AclEntry[], reply: Reply<undefined>): void {
    this.#client.setACL(path, acl.map(toAcl), (error) => reply(replyCode(error)));
  }

  setData(path: string, data: Buffer, reply: Reply<RawStat>): void {
    this.#client.setData(path, data, (error, stat) => reply(replyCode(error), stat));
  }

  /** One transaction. The code is 0 when its reply tells the result of each operation, failed ones included. */
  multi(writes: readonly Write[], reply: Reply<readonly OperationReply[]>): void {
    const header = { xid: 0, type: TRANSACTION_TYPE };
    const request = {
      header,
      toBuffer: () => transactionFrame(header.xid, writes, this.#encodedAcl),
      decode: transactionResults,
    };
    this.#manager.queue(request, (error, response) => {
      reply(replyCode(error), (response?.payload ?? []) as readonly OperationReply[]);
    });
  }
}

function toAcl({ permissions, scheme, id }: AclEntry): ACL {
  return new ACL(permissions, new Id(scheme, id));
}

function fromRaw({ perms, id: { scheme, id } }: RawAclEntry): AclEntry {
  return { permissions: perms, scheme, id };
}
