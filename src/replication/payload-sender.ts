/*
 * Sends a full sync's payload to one replica, at its pace: `$<length>` and the bytes once the whole
 * is known, or `$EOF:<mark>`, the bytes as they come, and the mark again. One chunk is read from
 * the spool while none is under way to the socket. Must not know who else reads the same transfer.
 */

import type { Connection } from '../commands/client.js';
import type { TransferReader } from '../persistence/transfer.js';
import { latin1 } from '../structures/bytes.js';

export interface PayloadProgress {
  /** The first byte of the payload goes out: no keep-alive may come between from now on. */
  onBegin(): void;
  /** Bytes of the payload have left. */
  onSent(bytes: number): void;
  /** The last byte is with the socket: what follows in order may be sent. */
  onEnd(): void;
}

/**
 * Resolves when all has been handed over and taken, or as soon as `isGone` says that nobody waits.
 * Rejects when the snapshot fails. The reader is closed in every case.
 */
export async function sendPayload(options: {
  connection: Connection;
  reader: TransferReader;
  /** The whole length once the snapshot is there: for the form with a length. */
  length: (() => Promise<number>) | null;
  /** 40 characters: for the form with a mark. */
  mark: string;
  /** Bytes read and sent in one go. */
  chunkBytes: number;
  isGone: () => boolean;
  progress: PayloadProgress;
}): Promise<void> {
  const { connection, reader, length, mark, isGone, progress } = options;
  try {
    const header = length === null ? `$EOF:${mark}\r\n` : `$${await length()}\r\n`;
    if (isGone()) return;
    progress.onBegin();
    await write(connection, latin1(header));
    await copySpool(options);
    if (isGone()) return;
    // The answer may come before the write's own end is told: be ready for it first.
    progress.onEnd();
    if (length === null) await write(connection, latin1(mark));
  } finally {
    reader.close();
  }
}

async function copySpool(options: {
  connection: Connection;
  reader: TransferReader;
  chunkBytes: number;
  isGone: () => boolean;
  progress: PayloadProgress;
}): Promise<void> {
  const { connection, reader, isGone, progress } = options;
  const chunk = new Uint8Array(options.chunkBytes);
  let position = 0;
  while (!isGone()) {
    const count = await reader.read(position, chunk);
    if (count === 'end') return;
    position += count;
    if (isGone()) return;
    await write(connection, chunk.subarray(0, count));
    progress.onSent(count);
  }
}

/** Resolves when the kernel has taken the bytes, or the connection has ended. */
function write(connection: Connection, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => connection.sendPinned(bytes, resolve));
}
