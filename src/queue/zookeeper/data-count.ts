/**
 * How much data there is, counted by the servers themselves. A server keeps a count of nodes and bytes for each path
 * that has a quota, and writes it into a node that can be read; so what it takes is a quota without limits:
 *
 *     /zookeeper/quota<path>/zookeeper_limits   that there is a quota, and none of its limits set
 *                           /zookeeper_stats    count=…,bytes=…: kept by each server of the tree that it has
 *
 * Creating the second counts what is there by then (100,000 nodes: 0.1 s). An operator's quota on the chroot, or on
 * a path above it, is read instead of made: of two quotas on one path only the inner one would be kept.
 */

import { chrootNodes, fullPath } from './address.ts';
import { codes, storeError } from './codes.ts';
import { DATA_PATH } from './paths.ts';
import type { Requests } from './requests.ts';
import { StoreError, type StoreSize, type Write } from './store.ts';

const quotaRoot = '/zookeeper/quota';
const counting = 'counting the data';
const unlimited = 'count=-1,bytes=-1';
const counted = /count=(-?\d+),bytes=(-?\d+)/;

/** Where data is counted at all, innermost last. Never the root: a quota there ends the server (3.8.0). */
function candidates(chroot: string): string[] {
  // Without a chroot, nearly all there is lies below one of the broker's own nodes.
  return chrootNodes(chroot === '' ? fullPath(chroot, DATA_PATH) : chroot);
}

/** The nodes of the quota that is made when there is none, the innermost first. */
export function quotaNodes(chroot: string): { readonly limits: string; readonly all: string[] } {
  const quota = quotaRoot + candidates(chroot).at(-1);
  const limits = `${quota}/zookeeper_limits`;
  return { limits, all: [`${quota}/zookeeper_stats`, limits, quota] };
}

/** Whether it only counts, as those do that are made here. */
export function isUnlimited(limits: Buffer): boolean {
  return limits.toString() === unlimited;
}

export class DataCount {
  readonly #requests: Requests;
  readonly #candidates: readonly string[];
  #path: string | undefined;

  constructor(requests: Requests, chroot: string) {
    this.#requests = requests;
    this.#candidates = candidates(chroot);
  }

  /** Rejects with a StoreError; 'refused' when the right to count is missing. */
  async read(): Promise<StoreSize> {
    for (const attempt of ['known', 'found', 'made'] as const) {
      if (attempt === 'found') await this.#find();
      if (attempt === 'made') await this.#make();
      if (this.#path === undefined) continue;
      const { code, value } = await this.#requests.getData(statsPath(this.#path), {});
      if (code === codes.ok && value !== undefined) return parse(value.data.toString());
      if (code !== codes.noNode) throw storeError(code, 'reading the amount of data', false);
    }
    throw new StoreError('unavailable', 'the count of data goes away whenever it is made');
  }

  /** The innermost path whose data is counted. */
  async #find(): Promise<void> {
    this.#path = undefined;
    for (const path of this.#candidates) {
      const { code, value } = await this.#requests.exists(statsPath(path));
      if (code !== codes.ok && code !== codes.noNode) throw storeError(code, 'looking for a quota', false);
      if (value !== undefined) this.#path = path;
    }
  }

  /** Several gateways may do so at once. */
  async #make(): Promise<void> {
    const path = this.#candidates.at(-1);
    if (path === undefined) throw new StoreError('refused', 'there is no path to be counted');
    for (const node of chrootNodes(quotaRoot + path).slice(2)) await this.#requests.ensure(node);
    const limits = `${quotaRoot}${path}/zookeeper_limits`;
    const writes: Write[] = [
      { kind: 'create', path: limits, data: Buffer.from(unlimited) },
      { kind: 'create', path: statsPath(path), data: Buffer.from('count=0,bytes=0') },
    ];
    // In one transaction, or a write in between would find a quota without its count.
    const both = await this.#requests.createTogether(writes, counting);
    if (both === codes.nodeExists) await this.#requests.createTogether(writes.slice(1), counting);
    this.#path = path;
  }
}

function statsPath(path: string): string {
  return `${quotaRoot}${path}/zookeeper_stats`;
}

function parse(text: string): StoreSize {
  const [, nodes, dataBytes] = counted.exec(text) ?? [];
  if (nodes === undefined || dataBytes === undefined) {
    throw new StoreError('refused', `the amount of data is not to be understood: "${text}"`);
  }
  return { nodes: Number(nodes), dataBytes: Number(dataBytes) };
}
