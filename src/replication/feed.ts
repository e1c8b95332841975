/*
 * What a primary writes into its stream: requests as they came wherever that is allowed, commands
 * encoded anew otherwise, a SELECT when the database changes. The database is forgotten at each
 * freeze, so that whoever starts from that snapshot hears a SELECT first. Must not know replicas:
 * the log tells its listener what was appended.
 */

import type { Feed as FeedPort } from '../commands/services.js';
import { FEED_SCRATCH_BYTES, LARGE_BULK_BYTES_MIN } from '../limits.js';
import { encodeCommand, encodedLength, encodeInto, encodePieces } from './encode.js';
import type { StreamLog } from './stream-log.js';

/** No database yet: the next command brings its SELECT. */
const UNKNOWN = -1;

export class Feed implements FeedPort {
  /** False on a replica: its stream is its primary's, byte for byte. */
  isOpen = true;
  readonly #log: StreamLog;
  #database = UNKNOWN;
  readonly #scratch = new Uint8Array(FEED_SCRATCH_BYTES);
  /** SELECT by database, made when first needed. */
  readonly #selects: Uint8Array[] = [];

  constructor(log: StreamLog) {
    this.#log = log;
  }

  get isActive(): boolean {
    return this.isOpen && this.#log.backlog !== null;
  }

  get offset(): number {
    return this.#log.history.offset;
  }

  /** Database that the stream stands in; 0 while it is open which. */
  get database(): number {
    return this.#database === UNKNOWN ? 0 : this.#database;
  }

  /** The next command brings a SELECT: after a freeze, a promotion, a restart. */
  forgetDatabase(): void {
    this.#database = UNKNOWN;
  }

  appendVerbatim(database: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.isActive) return;
    if (database !== this.#database && database !== -1) this.#select(database);
    this.#log.append(bytes, start, end);
  }

  append(database: number, parts: readonly Uint8Array[]): void {
    if (!this.isActive) return;
    if (database !== this.#database && database !== -1) this.#select(database);
    const length = encodedLength(parts);
    if (length > this.#scratch.length) {
      this.#log.appendPieces(encodePieces(parts, LARGE_BULK_BYTES_MIN));
      return;
    }
    encodeInto(parts, this.#scratch, 0);
    this.#log.append(this.#scratch, 0, length);
  }

  #select(database: number): void {
    this.#database = database;
    this.#selects[database] ??= encodeCommand('SELECT', String(database));
    const bytes = this.#selects[database];
    this.#log.append(bytes, 0, bytes.length);
  }
}
