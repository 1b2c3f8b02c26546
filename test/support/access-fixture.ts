/** Principals for tests of access: a file of them with keys, read as a gateway reads it. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeApiKey } from '../../src/access/api-key.ts';

export interface DescribedPrincipal {
  readonly rights: object;
  readonly subject?: string;
  readonly requestsPerSecond?: number;
  readonly burst?: number;
}

/** A file of principals in a directory of its own, and the key of each. */
export class PrincipalsFile {
  readonly directory: string;
  readonly path: string;
  readonly #keys = new Map<string, { key: string; hash: string }>();

  private constructor(directory: string) {
    this.directory = directory;
    this.path = join(directory, 'principals.json');
  }

  static async create(principals: Readonly<Record<string, DescribedPrincipal>>): Promise<PrincipalsFile> {
    const file = new PrincipalsFile(await mkdtemp(join(tmpdir(), 'zoogate-access-')));
    await file.replace(principals);
    return file;
  }

  /** The key of a principal, the same for as long as the file exists. */
  keyOf(name: string): string {
    return this.#credentialsOf(name).key;
  }

  headersOf(name: string): { authorization: string } {
    return { authorization: `Bearer ${this.keyOf(name)}` };
  }

  /** Replaces the file as a careful administrator does: by one that is complete. */
  async replace(principals: Readonly<Record<string, DescribedPrincipal>>): Promise<void> {
    const described = Object.entries(principals).map(([name, principal]) => ({
      name,
      keyHashes: [this.#credentialsOf(name).hash],
      ...principal,
    }));
    await this.write(JSON.stringify({ principals: described }));
  }

  async write(text: string): Promise<void> {
    const fresh = join(this.directory, randomUUID());
    await writeFile(fresh, text);
    await rename(fresh, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  #credentialsOf(name: string): { key: string; hash: string } {
    const known = this.#keys.get(name) ?? makeApiKey(randomBytes);
    this.#keys.set(name, known);
    return known;
  }
}
