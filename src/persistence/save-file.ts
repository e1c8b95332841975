/*
 * The dump file's safe way onto disk: a temporary file beside it, which takes its name only when it
 * is whole and durable; then the folder, so that the name is durable too. Log lines as Redis's.
 */

import { unlinkSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Log } from '../observability/log.js';
import { systemErrorText } from '../structures/system-error.js';
import { type OpenedFile, openNew } from './spool.js';

export interface SaveFileOptions {
  readonly dir: string;
  readonly name: string;
  readonly pid: number;
  readonly log: Log;
}

export class SaveFile {
  readonly descriptor: number;
  private readonly temporary: string;
  private readonly path: string;
  private readonly options: SaveFileOptions;

  private constructor(opened: OpenedFile, options: SaveFileOptions) {
    this.descriptor = opened.descriptor;
    this.temporary = opened.path;
    this.path = join(options.dir, options.name);
    this.options = options;
  }

  /** Opens the temporary file; null, with a log line, when that cannot be. */
  static open(options: SaveFileOptions): SaveFile | null {
    const name = `temp-${options.pid}.rdb`;
    try {
      return new SaveFile(openNew(join(options.dir, name)), options);
    } catch (error) {
      options.log.warning(
        `Failed opening the temp RDB file ${name} (in server root dir ${options.dir}) ` +
          `for saving: ${systemErrorText(error)}`,
      );
      return null;
    }
  }

  /**
   * The contents are complete and synced: gives the file its name and makes that durable. False,
   * with a log line, when that fails. Never rejects. The descriptor stays open: it belongs to the
   * spool.
   */
  async commit(): Promise<boolean> {
    const { log, dir, name } = this.options;
    try {
      await rename(this.temporary, this.path);
    } catch (error) {
      log.warning(
        `Error moving temp DB file ${basename(this.temporary)} on the final destination ${name} ` +
          `(in server root dir ${dir}): ${systemErrorText(error)}`,
      );
      this.unlinkTemporary();
      return false;
    }
    try {
      await syncFolder(dirname(this.path));
    } catch (error) {
      log.warning(`Failed to fsync directory while saving DB: ${systemErrorText(error)}`);
      return false;
    }
    log.notice('DB saved on disk');
    return true;
  }

  /** The save has failed: removes the temporary file. */
  discard(): void {
    this.unlinkTemporary();
  }

  /** Removes the dump itself (rdb-del-sync-files). */
  removeDump(): void {
    unlinkIfThere(this.path);
  }

  private unlinkTemporary(): void {
    unlinkIfThere(this.temporary);
  }
}

function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already, or not ours to remove: nothing depends on it.
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
