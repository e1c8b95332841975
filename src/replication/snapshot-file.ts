/*
 * A snapshot received from a primary as a file beside the dump: written as it comes, made durable,
 * loaded, and then renamed over the dump file, so that a restart resumes where the primary's
 * snapshot stands. The old dump stays until the new one has been loaded. Failures are kept and
 * reported by the next call that can.
 */

import { createWriteStream, type WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/config.js';
import type { Log } from '../observability/log.js';
import type { Loader, LoadResult } from '../persistence/loader.js';
import type { SnapshotDownload, SnapshotIntake } from './snapshot-intake.js';

export interface SnapshotFilesOptions {
  readonly config: Config;
  readonly log: Log;
  readonly loader: Loader;
  readonly pid: number;
}

export class SnapshotFiles implements SnapshotIntake {
  readonly #options: SnapshotFilesOptions;
  #count = 0;

  constructor(options: SnapshotFilesOptions) {
    this.#options = options;
  }

  open(): SnapshotDownload {
    const { dir } = this.#options.config.values;
    const path = join(dir, `temp-sync-${this.#options.pid}-${++this.#count}.rdb`);
    return new SnapshotFile(path, this.#options);
  }
}

class SnapshotFile implements SnapshotDownload {
  readonly #path: string;
  readonly #options: SnapshotFilesOptions;
  readonly #stream: WriteStream;
  #error: Error | null = null;
  #isDiscarded = false;

  constructor(path: string, options: SnapshotFilesOptions) {
    this.#path = path;
    this.#options = options;
    this.#stream = createWriteStream(path, { mode: 0o644, flush: true });
    this.#stream.on('error', (error) => {
      this.#error = error;
    });
  }

  get unwrittenBytes(): number {
    return this.#stream.writableLength;
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    if (this.#error === null) this.#stream.write(bytes.slice(start, end));
  }

  drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) return reject(this.#error);
      this.#stream.write(new Uint8Array(0), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** `flush` has the stream call fsync before it closes. */
  finish(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== null) return reject(this.#error);
      this.#stream.once('error', reject);
      this.#stream.once('close', () => {
        if (this.#error === null) resolve();
        else reject(this.#error);
      });
      this.#stream.end();
    });
  }

  load(): Promise<LoadResult> {
    return this.#options.loader.loadFile(this.#path, { role: 'replica', flush: true });
  }

  async keep(): Promise<void> {
    const { config, log } = this.#options;
    const { dir, dbfilename } = config.values;
    try {
      await rename(this.#path, join(dir, dbfilename));
      const folder = await open(dir, 'r');
      await folder.sync().finally(() => folder.close());
    } catch (error) {
      log.warning(
        `Failed trying to rename the temp DB into ${dbfilename} in MASTER <-> REPLICA ` +
          `synchronization: ${(error as Error).message}`,
      );
      this.discard();
    }
  }

  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    this.#stream.destroy();
    // Best effort: a temporary file that stays behind harms nobody.
    rm(this.#path, { force: true }).catch(() => {});
  }
}
