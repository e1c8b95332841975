/*
 * Where log lines go: standard output, or a file opened for appending. Each line is one synchronous
 * write. A file that was renamed away (log rotation) is opened anew under its name: Redis opens it
 * for every line, so tools rotate without telling the server.
 *
 * A log that cannot be written never stops the server: the line is lost and counted.
 */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import pino from 'pino';
import { LOG_ROTATION_CHECK_MS } from '../limits.js';

type Destination = ReturnType<typeof pino.destination>;

const STANDARD_OUTPUT = 1;

export class LogFile {
  /** Lines that could not be written. */
  lostLines = 0;
  readonly #clock: { wallMs(): number };
  /** Absolute, since the working folder may change; '' is standard output. */
  #path = '';
  #destination: Destination;
  #inode = 0;
  #checkedAtMs = 0;

  /** Throws when the file cannot be opened. */
  constructor(options: { file: string; clock: { wallMs(): number } }) {
    this.#clock = options.clock;
    this.#path = options.file === '' ? '' : resolve(options.file);
    this.#destination = this.#open(this.#path);
  }

  write(line: string): void {
    if (this.#path !== '') this.#followRotation();
    this.#destination.write(line);
  }

  /** Returns why the file cannot be opened, and then stays with the present one. */
  setFile(file: string): string | null {
    const path = file === '' ? '' : resolve(file);
    try {
      const next = this.#open(path);
      this.#end();
      this.#destination = next;
      this.#path = path;
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  reopen(): void {
    if (this.#path !== '') this.setFile(this.#path);
  }

  close(): void {
    this.#end();
  }

  #open(path: string): Destination {
    const options = path === '' ? { fd: STANDARD_OUTPUT } : { dest: path, append: true };
    const destination = pino.destination({ ...options, sync: true });
    destination.on('error', () => {
      this.lostLines++;
    });
    this.#inode = path === '' ? 0 : statSync(path).ino;
    this.#checkedAtMs = this.#clock.wallMs();
    return destination;
  }

  #end(): void {
    // Standard output stays open: it is not ours.
    if (this.#path !== '') this.#destination.end();
  }

  #followRotation(): void {
    const now = this.#clock.wallMs();
    if (Math.abs(now - this.#checkedAtMs) < LOG_ROTATION_CHECK_MS) return;
    this.#checkedAtMs = now;
    if (inodeOf(this.#path) !== this.#inode) this.reopen();
  }
}

/** -1 where there is no such file, or nobody may look: a log must not end its server. */
function inodeOf(path: string): number {
  try {
    return statSync(path).ino;
  } catch {
    return -1;
  }
}
