/**
 * Looks whether the tree that a gateway with credentials finds is protected by them. One that was made without is
 * open: what is added belongs to the credentials, but what is there can be read, changed and deleted by everybody
 * until it is secured (`secure-tree.ts`). It works in the meantime, so this is no error, but has to be said.
 */

import type { Logger } from '../model/logger.ts';
import { isOpen } from './acl.ts';
import { fullPath } from './address.ts';
import { codes } from './codes.ts';
import { TOP_PATHS } from './paths.ts';
import type { Requests } from './requests.ts';

export class OpenNodes {
  readonly #requests: Requests;
  readonly #paths: readonly string[];
  readonly #logger: Logger;
  #isInspected = false;

  constructor(requests: Requests, chroot: string, logger: Logger) {
    this.#requests = requests;
    // Without a chroot its own place is the root, which belongs to all.
    this.#paths = [...(chroot === '' ? [] : ['/']), ...TOP_PATHS].map((path) => fullPath(chroot, path));
    this.#logger = logger;
  }

  /** Once for each store; on every further connection it returns at once. */
  async inspect(): Promise<void> {
    if (this.#isInspected) return;
    const open: string[] = [];
    for (const path of this.#paths) {
      const { code, value = [] } = await this.#requests.getAcl(path);
      if (code === codes.ok && isOpen(value)) open.push(path);
      // Belonging to somebody else it will make itself felt, if it is ever needed.
      if (code === codes.connectionLoss) return;
    }
    this.#isInspected = true;
    if (open.length === 0) return;
    const message =
      'these nodes in ZooKeeper, and perhaps what is below, were made without credentials: ' +
      'everybody who connects to the ensemble can read and change them until the tree is secured';
    this.#logger.warn({ open }, message);
  }
}
