/**
 * Gives a tree that is there to the credentials: for one that was made without any, or with others that are presented
 * as well. Gateways may go on meanwhile, if they have the credentials; what they create belongs to them already.
 *
 *   all below the fixed nodes, a few nodes at a time -> the fixed nodes and the chroot -> all again, until none was open
 *
 * The fixed nodes come last, so that a gateway that finds them closed need not fear for what is below. Stopped at any
 * moment, it can be begun again: what is done is only looked at.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../model/logger.ts';
import { type AclEntry, aclOf, type Credentials, isOpen, isSameAcl } from './acl.ts';
import { fullPath, parseEnsembleAddress } from './address.ts';
import { codes, storeError } from './codes.ts';
import { isUnlimited, quotaNodes } from './data-count.ts';
import { EnsembleClock } from './ensemble-clock.ts';
import { EnsembleSockets, type EnsembleTls } from './ensemble-sockets.ts';
import { TOP_PATHS } from './paths.ts';
import { type Replied, Requests } from './requests.ts';
import { StoreError } from './store.ts';
import { Supervisor } from './supervisor.ts';
import { WarningLog } from './warning-log.ts';

export interface SecureTreeOptions {
  readonly connectionString: string;
  /** The first is to own everything. */
  readonly credentials: readonly [Credentials, ...Credentials[]];
  readonly tls?: EnsembleTls;
  readonly sessionTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly logger: Logger;
  /** Only looks, and changes nothing. */
  readonly isDryRun: boolean;
  /** Is told now and then how many nodes have been looked at. */
  readonly report: (nodes: number) => void;
}

/** The last look at every node; of those that were given to the credentials in all. */
export interface SecuredTree {
  readonly nodes: number;
  /** Everybody has some right to them still. */
  readonly open: number;
  /** They belong to credentials that were not presented. */
  readonly foreign: number;
  readonly changed: number;
}

/** Nodes that are dealt with at a time. */
const stepNodes = 64;
const reportNodes = 10_000;
/** Beyond it somebody without the credentials keeps creating nodes. */
const passesMax = 5;
/** For which the ensemble may be away. */
const patienceMs = 60_000;
const retryMs = 100;
/** Replies that say nothing about the node. */
const passing: ReadonlySet<number> = new Set([
  codes.connectionLoss,
  codes.sessionExpired,
  codes.sessionMoved,
  codes.throttled,
]);

/** Rejects with a StoreError, or with a timeout when the ensemble stays away. */
export async function secureTree(options: SecureTreeOptions): Promise<SecuredTree> {
  const tree = new TreeWalk(options);
  try {
    return await tree.secure();
  } finally {
    await tree.close();
  }
}

type Verdict = 'same' | 'open' | 'foreign' | 'changed' | 'gone';

class TreeWalk {
  readonly #options: SecureTreeOptions;
  readonly #acl: readonly AclEntry[];
  readonly #requests: Requests;
  readonly #supervisor: Supervisor;
  readonly #chroot: string;
  readonly #roots: readonly string[];
  /** Dealt with after all others. */
  readonly #last: readonly string[];
  #counts: Record<Verdict, number> = noCounts();
  #changed = 0;

  constructor(options: SecureTreeOptions) {
    const { credentials, logger, tls, requestTimeoutMs } = options;
    const { servers, chroot } = parseEnsembleAddress(options.connectionString);
    const monotonicNow = () => performance.now();
    const warnings = new WarningLog(logger);
    this.#options = options;
    this.#acl = aclOf(credentials[0]);
    this.#chroot = chroot;
    this.#roots = TOP_PATHS.map((path) => fullPath(chroot, path));
    // Without a chroot its own place is the root, which belongs to all.
    this.#last = chroot === '' ? this.#roots : [...this.#roots, chroot];
    const client = () => this.#supervisor.client;
    this.#requests = new Requests({ requestTimeoutMs, client, clock: new EnsembleClock(), monotonicNow });
    this.#supervisor = new Supervisor({
      ...options,
      ...{ servers, monotonicNow, random: Math.random, warnings },
      sockets: new EnsembleSockets(tls, warnings),
      calls: this.#requests.calls,
      establish: async () => {},
    });
    this.#supervisor.start();
  }

  close(): Promise<void> {
    return this.#supervisor.close();
  }

  async secure(): Promise<SecuredTree> {
    for (let pass = 1; ; pass += 1) {
      const changedBefore = this.#changed;
      this.#counts = noCounts();
      await this.#walk();
      const { open, foreign, same, changed } = this.#counts;
      const isDone = this.#changed === changedBefore || pass === passesMax;
      if (isDone) return { nodes: open + foreign + same + changed, open, foreign, changed: this.#changed };
    }
  }

  async #walk(): Promise<void> {
    const waiting = [...this.#roots];
    let seen = 0;
    while (waiting.length > 0) {
      const step = waiting.splice(-stepNodes);
      const below = await Promise.all(step.map((path) => this.#visit(path)));
      for (const children of below) waiting.push(...children);
      if (Math.floor((seen + step.length) / reportNodes) > Math.floor(seen / reportNodes)) {
        this.#options.report(seen + step.length);
      }
      seen += step.length;
    }
    for (const path of [...(await this.#quotaNodes()), ...this.#last]) await this.#secureNode(path);
  }

  /** Of a quota that a gateway has made, and not an operator. */
  async #quotaNodes(): Promise<string[]> {
    const { limits, all } = quotaNodes(this.#chroot);
    const { value } = await this.#patiently(() => this.#requests.getData(limits, {}));
    return value !== undefined && isUnlimited(value.data) ? all : [];
  }

  /** @returns its children */
  async #visit(path: string): Promise<string[]> {
    if (!this.#last.includes(path)) await this.#secureNode(path);
    const { code, value } = await this.#patiently(() => this.#requests.getChildren(path, {}));
    // One that belongs to others has been counted as such.
    if (code === codes.noNode || code === codes.noPermission) return [];
    if (code !== codes.ok || value === undefined) throw storeError(code, `listing ${path}`, false);
    return value.children.map((name) => `${path}/${name}`);
  }

  async #secureNode(path: string): Promise<void> {
    const verdict = await this.#judge(path);
    this.#counts[verdict] += 1;
    if (verdict === 'changed') this.#changed += 1;
  }

  async #judge(path: string): Promise<Verdict> {
    const { code, value = [] } = await this.#patiently(() => this.#requests.getAcl(path));
    if (code === codes.noNode) return 'gone';
    if (code === codes.noPermission) return 'foreign';
    if (code !== codes.ok) throw storeError(code, `reading the ACL of ${path}`, false);
    if (isSameAcl(value, this.#acl)) return 'same';
    if (this.#options.isDryRun) return isOpen(value) ? 'open' : 'foreign';
    const { code: answer } = await this.#patiently(() => this.#requests.setAcl(path, this.#acl));
    if (answer === codes.ok) return 'changed';
    if (answer === codes.noNode) return 'gone';
    if (answer === codes.noPermission) return isOpen(value) ? 'open' : 'foreign';
    throw storeError(answer, `setting the ACL of ${path}`, true);
  }

  /** Again after a lost connection: each request may be executed twice. */
  async #patiently<T>(request: () => Promise<Replied<T>>): Promise<Replied<T>> {
    const signal = AbortSignal.timeout(patienceMs);
    for (;;) {
      await this.#supervisor.whenConnected(signal);
      try {
        const replied = await request();
        if (!passing.has(replied.code)) return replied;
      } catch (error) {
        if (!(error instanceof StoreError) || error.kind === 'refused' || signal.aborted) throw error;
      }
      await sleep(retryMs);
    }
  }
}

function noCounts(): Record<Verdict, number> {
  return { same: 0, open: 0, foreign: 0, changed: 0, gone: 0 };
}
