/*
 * The file that one traversal writes and many readers follow: a snapshot on its way to disk, to
 * replicas, or both. The writer is a worker and reports how far it has come; readers take what is
 * there with asynchronous reads at their own places and wait for more when they have caught up. The
 * file is closed when the writer has ended, nobody reads, and its owner has let go of it.
 */

import assert from 'node:assert/strict';
import { closeSync, openSync, read, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemErrorText } from '../structures/system-error.js';
import type { TransferReader } from './transfer.js';

export type SpoolEnd = { readonly ok: true } | { readonly ok: false; readonly error: string };

/** A descriptor, and what the file is called while it has a name. */
export interface OpenedFile {
  readonly descriptor: number;
  readonly path: string;
}

/** Opens a new file for writing and reading. Throws as openSync does. */
export function openNew(path: string): OpenedFile {
  return { descriptor: openSync(path, 'w+', 0o666), path };
}

/**
 * Opens a file without a name: the kernel gives its blocks back with the last descriptor, whatever
 * becomes of us. In `dir`, or in the system's folder for temporary files when that cannot be.
 */
export function openUnnamed(dir: string, name: string): OpenedFile {
  try {
    return unlinked(join(dir, name));
  } catch {
    return unlinked(join(tmpdir(), name));
  }
}

function unlinked(path: string): OpenedFile {
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return { descriptor, path };
}

/** For a spool that could not be opened: it ends before anybody reads. */
export const NO_DESCRIPTOR = -1;

export class Spool {
  readonly descriptor: number;
  writtenBytes = 0;
  end: SpoolEnd | null = null;
  private readonly readers = new Set<SpoolReader>();
  private readonly onUnused: () => void;
  private isReleased = false;
  private isClosed = false;

  /** `onUnused` is called once: nobody reads, and nobody will. */
  constructor(descriptor: number, onUnused: () => void) {
    this.descriptor = descriptor;
    this.onUnused = onUnused;
  }

  /** The writer has come this far. */
  advance(writtenBytes: number): void {
    this.writtenBytes = writtenBytes;
    this.wake();
  }

  /** The writer has ended; `writtenBytes` is final. */
  finish(end: SpoolEnd): void {
    assert(this.end === null, 'a spool ends once');
    this.end = end;
    this.wake();
    this.closeIfDone();
  }

  openReader(): TransferReader {
    assert(!this.isReleased, 'no reader after release()');
    const reader = new SpoolReader(this, () => {
      this.readers.delete(reader);
      this.leave();
    });
    this.readers.add(reader);
    return reader;
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.leave();
  }

  /** True when nobody reads and nobody will. */
  get isUnused(): boolean {
    return this.isReleased && this.readers.size === 0;
  }

  private leave(): void {
    if (!this.isUnused) return;
    this.onUnused();
    this.closeIfDone();
  }

  private closeIfDone(): void {
    if (this.isClosed || this.end === null || !this.isUnused) return;
    this.isClosed = true;
    if (this.descriptor !== NO_DESCRIPTOR) closeSync(this.descriptor);
  }

  private wake(): void {
    for (const reader of [...this.readers]) reader.wake();
  }
}

class SpoolReader implements TransferReader {
  private readonly spool: Spool;
  private readonly onClosed: () => void;
  private waiting: (() => void) | null = null;
  private isReading = false;
  private mustClose = false;
  private isClosed = false;

  constructor(spool: Spool, onClosed: () => void) {
    this.spool = spool;
    this.onClosed = onClosed;
  }

  async read(position: number, target: Uint8Array): Promise<number | 'end'> {
    assert(!this.isReading, 'one read at a time');
    assert(target.length > 0 && position >= 0);
    this.isReading = true;
    try {
      for (;;) {
        if (this.mustClose) throw new Error('the snapshot is no longer read');
        const { end, writtenBytes } = this.spool;
        if (end?.ok === false) throw new Error(end.error);
        if (position < writtenBytes) {
          return await readAt(this.spool.descriptor, target, position, writtenBytes - position);
        }
        if (end !== null) return 'end';
        await new Promise<void>((resolve) => {
          this.waiting = resolve;
        });
      }
    } finally {
      this.isReading = false;
      if (this.mustClose) this.closeNow();
    }
  }

  wake(): void {
    const { waiting } = this;
    this.waiting = null;
    waiting?.();
  }

  close(): void {
    this.mustClose = true;
    // The descriptor must outlive a read that the kernel still works on.
    if (this.isReading) this.wake();
    else this.closeNow();
  }

  private closeNow(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onClosed();
  }
}

function readAt(
  descriptor: number,
  target: Uint8Array,
  position: number,
  available: number,
): Promise<number> {
  const length = Math.min(target.length, available);
  return new Promise((resolve, reject) => {
    read(descriptor, target, 0, length, position, (error, count) => {
      if (error) reject(new Error(systemErrorText(error)));
      else if (count === 0) reject(new Error('the spool is shorter than what was written to it'));
      else resolve(count);
    });
  });
}
