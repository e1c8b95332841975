/*
 * CONFIG REWRITE, the file: reads it, and replaces it in one step by what rewritten-text.ts makes
 * of it. Whoever reads the file, and a crash at any moment, finds the old text or the new one.
 *
 * It stops the server for as long as a sync of a small file takes: the reply must not come before.
 * Must not know who asks.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { systemErrorText } from '../structures/system-error.js';
import type { Config } from './config.js';
import { rewrittenText } from './rewritten-text.js';

export const NO_CONFIG_FILE = 'ERR The server is running without a config file';

export function cannotRewrite(reason: string): string {
  return `ERR Rewriting config file: ${reason}`;
}

/** The mode of a file that was not there before; the umask takes its part. */
const NEW_FILE_MODE = 0o644;

export interface RewriteFileOptions {
  readonly config: Config;
  readonly log: { debug(text: string): void; warning(text: string): void };
  /** See rewritten-text.ts. */
  readonly isForced?: boolean;
}

/**
 * Returns why the file could not be rewritten, or null. `config.file` must not be empty.
 *
 * Side effects: the file is replaced, or created where it is missing; what failed is logged.
 */
export function rewriteFile({ config, log, isForced = false }: RewriteFileOptions): string | null {
  const { file } = config;
  let text: string;
  try {
    text = readIfThere(file);
  } catch (error) {
    return systemErrorText(error);
  }
  const content = Buffer.from(rewrittenText({ text, config, isForced }), 'latin1');
  const failure = replace(file, content);
  if (failure === null) {
    log.debug(`Rewritten config file (${file}) successfully`);
    return null;
  }
  log.warning(`${failure.what} (${failure.reason})`);
  return failure.reason;
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

interface Failure {
  readonly what: string;
  readonly reason: string;
}

/** Temporary file beside it, sync, rename, sync of the folder. */
function replace(file: string, content: Uint8Array): Failure | null {
  const temporary = `${file}.${randomBytes(3).toString('hex')}`;
  let what = 'Could not create tmp config file';
  let descriptor = -1;
  try {
    // A file with passwords that only we may read stays so, from its first byte on.
    const mode = (statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o777;
    descriptor = openSync(temporary, 'wx', mode === 0 ? NEW_FILE_MODE : mode);
    for (let offset = 0; offset < content.length; ) {
      what = `Failed after writing (${offset}) bytes to tmp config file`;
      offset += writeSync(descriptor, content, offset);
    }
    what = 'Could not chmod config file';
    // The umask took its part of the mode.
    if (mode !== 0) fchmodSync(descriptor, mode);
    what = 'Could not sync tmp config file to disk';
    fsyncSync(descriptor);
    what = 'Could not rename tmp config file';
    renameSync(temporary, file);
  } catch (error) {
    if (descriptor !== -1) removeQuietly(temporary);
    return { what, reason: systemErrorText(error) };
  } finally {
    if (descriptor !== -1) closeSync(descriptor);
  }
  return syncFolder(dirname(file));
}

function syncFolder(folder: string): Failure | null {
  let descriptor = -1;
  try {
    descriptor = openSync(folder, 'r');
    fsyncSync(descriptor);
    return null;
  } catch (error) {
    return { what: 'Could not sync config file dir', reason: systemErrorText(error) };
  } finally {
    if (descriptor !== -1) closeSync(descriptor);
  }
}

function removeQuietly(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // What made the rewriting fail is the answer, not this.
  }
}
