/**
 * Files that are read again when they change: what they say is replaced as a whole, or stays what it was.
 *
 * They are looked at by their state (once a second, a few microseconds), not by the system's notifications: those do
 * not reach into mounted volumes, and name the link instead of the file where a directory is swapped, as Kubernetes
 * does. Several files that belong together, such as a certificate and its key, are read together: whatever is seen
 * while one of them has been replaced and the other has not is refused, and seen again when both have.
 */
import { readFile, stat } from 'node:fs/promises';

const CHECK_MS_DEFAULT = 1_000;
/** More is no configuration. */
const FILE_BYTES_MAX = 16 * 1024 * 1024;

export interface WatchedFilesOptions<Value> {
  readonly paths: readonly string[];
  /** Throws what is wrong with the contents; the message must not quote secrets. */
  readonly parse: (contents: readonly Buffer[]) => Value;
  readonly onChanged?: (value: Value) => void;
  /** Told once for each version that is refused, and once when the files cannot be read any more. */
  readonly onRefused: (error: Error) => void;
  readonly checkMs?: number;
}

export class WatchedFiles<Value> {
  readonly #options: WatchedFilesOptions<Value>;
  readonly #timer: NodeJS.Timeout;
  #current: Value;
  #version: string;
  #isUnreadable = false;
  #isChecking = false;

  /** Rejects with what is wrong with the files as they are. */
  static async open<Value>(options: WatchedFilesOptions<Value>): Promise<WatchedFiles<Value>> {
    const version = await versionOf(options.paths);
    return new WatchedFiles(options, options.parse(await readAll(options.paths)), version);
  }

  private constructor(options: WatchedFilesOptions<Value>, value: Value, version: string) {
    this.#options = options;
    this.#current = value;
    this.#version = version;
    this.#timer = setInterval(() => void this.#check(), options.checkMs ?? CHECK_MS_DEFAULT);
    this.#timer.unref();
  }

  /** What the last good version says. */
  get current(): Value {
    return this.#current;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      // Before they are read: what changes meanwhile is seen the next time.
      const version = await versionOf(this.#options.paths);
      if (version !== this.#version || this.#isUnreadable) await this.#readAgain(version);
    } finally {
      this.#isChecking = false;
    }
  }

  async #readAgain(version: string): Promise<void> {
    const { paths, parse, onChanged, onRefused } = this.#options;
    let contents: Buffer[];
    try {
      contents = await readAll(paths);
    } catch (error) {
      if (!this.#isUnreadable) onRefused(error as Error);
      this.#isUnreadable = true;
      return;
    }
    this.#isUnreadable = false;
    this.#version = version;
    try {
      this.#current = parse(contents);
      onChanged?.(this.#current);
    } catch (error) {
      onRefused(error as Error);
    }
  }
}

/** Differs when a file is another one, or has been written; links are followed. Never rejects. */
async function versionOf(paths: readonly string[]): Promise<string> {
  const versions = await Promise.all(
    paths.map((path) =>
      stat(path, { bigint: true }).then(
        ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(':'),
        (error: NodeJS.ErrnoException) => String(error.code),
      ),
    ),
  );
  return versions.join(' ');
}

function readAll(paths: readonly string[]): Promise<Buffer[]> {
  return Promise.all(
    paths.map(async (path) => {
      const { size } = await stat(path);
      if (size > FILE_BYTES_MAX) throw new Error(`${path} is larger than ${FILE_BYTES_MAX} bytes`);
      return readFile(path);
    }),
  );
}
