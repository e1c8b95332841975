/*
 * One RDB on its way into a keyspace: turns the reader's events into keys, counts them, keeps the
 * aux fields, and stops at a deadline so that the loop gets its turns. With no keyspace it only
 * checks the whole. It knows neither files nor sockets: bytes are fed to it.
 */

import { lfuBitsOf, lruBitsOf } from '../keyspace/access-bits.js';
import type { Database } from '../keyspace/database.js';
import type { Keyspace } from '../keyspace/keyspace.js';
import { fillString, NO_EXPIRY, prepareString, setString } from '../keyspace/string-value.js';
import { LOAD_DEADLINE_PERIOD_KEYS, TEXT_BYTES_MAX } from '../limits.js';
import type { Log } from '../observability/log.js';
import { latin1Text } from '../structures/bytes.js';
import { RDB_VERSION_CHECKSUM } from './rdb/format.js';
import { quoteKey, type RdbError } from './rdb/read-error.js';
import { type RdbEvent, RdbReader } from './rdb/reader.js';
import { FAILED_COMMANDS_AUX, type ReplicationMark } from './transfer.js';

export interface LoadSessionOptions {
  /** `null`: check only. */
  readonly keyspace: Keyspace | null;
  readonly databases: number;
  readonly checksum: boolean;
  readonly log: Log;
  /** Wall clock at the start: keys before it are past their time. */
  readonly nowMs: number;
  readonly monotonicMs: () => number;
  /** Drop keys that are past their time. */
  readonly dropsExpired: boolean;
  /** A key that is there already is replaced; otherwise it is an error. */
  readonly replacesKeys: boolean;
  readonly onMark: (mark: ReplicationMark) => void;
  readonly onTurn: (bytes: number) => void;
  readonly onExpired: (database: number, key: Uint8Array, start: number, end: number) => void;
}

/** 'more': feed. 'yield': the deadline has passed, call again. */
export type LoadStep = 'more' | 'yield' | 'end' | 'error';

const REPLID = /^[0-9a-f]{40}$/;
const REPL_OFFSET = /^\d{1,15}$/;

export class LoadSession {
  keysLoaded = 0;
  keysExpired = 0;
  /** What the server that wrote it used, in bytes; 0 when it does not say. */
  usedMemory = 0;
  mark: ReplicationMark | null = null;
  error: RdbError | null = null;
  isEnded = false;

  private readonly options: LoadSessionOptions;
  private readonly reader: RdbReader;
  private readonly auxiliary = new Map<string, string>();
  private hasSeenData = false;
  /** The long value under way belongs to no key: it is dropped, or only checked. */
  private skipsPieces = false;

  constructor(options: LoadSessionOptions) {
    this.options = options;
    this.reader = new RdbReader({ databases: options.databases, checksum: options.checksum });
  }

  /** Bytes of the RDB behind the reader. */
  get offset(): number {
    return this.reader.offset;
  }

  /** Commands that the data lack; see FAILED_COMMANDS_AUX. */
  get failedStreamCommands(): number {
    return Number(this.auxiliary.get(FAILED_COMMANDS_AUX)) || 0;
  }

  /** To be called before others get their turn. */
  onTurn(): void {
    this.options.onTurn(this.offset);
  }

  /** At the end: whether the sum was there and right. */
  get checksum(): 'ok' | 'absent' | 'unchecked' {
    return this.reader.checksum;
  }

  /** The RDB is of a version that carries a checksum (of zeros, perhaps). */
  get hasChecksum(): boolean {
    return this.reader.version >= RDB_VERSION_CHECKSUM;
  }

  feed(bytes: Uint8Array, start: number, end: number): void {
    this.reader.feed(bytes, start, end);
  }

  /** The source has ended while more was asked for. */
  cut(): RdbError {
    this.error = this.reader.cut();
    return this.error;
  }

  /**
   * Works until bytes are lacking, `deadlineMs` (monotonic) has passed, `keysMax` are loaded, or
   * the end.
   */
  run(deadlineMs: number, keysMax: number = Number.POSITIVE_INFINITY): LoadStep {
    const { reader } = this;
    const keysStop = this.keysLoaded + keysMax;
    let untilLook = LOAD_DEADLINE_PERIOD_KEYS;
    for (;;) {
      const event = reader.next();
      if (event === 'more') return 'more';
      if (event === 'error') {
        this.error = reader.error;
        return 'error';
      }
      if (!this.take(event)) return 'error';
      if (event === 'end') {
        this.isEnded = true;
        return 'end';
      }
      if (this.keysLoaded >= keysStop) return 'yield';
      untilLook -= event === 'piece' ? LOAD_DEADLINE_PERIOD_KEYS : 1;
      if (untilLook > 0) continue;
      if (this.options.monotonicMs() >= deadlineMs) return 'yield';
      untilLook = LOAD_DEADLINE_PERIOD_KEYS;
    }
  }

  private take(event: RdbEvent): boolean {
    switch (event) {
      case 'entry':
        return this.takeEntry();
      case 'long-entry':
        return this.takeLongEntry();
      case 'piece':
        this.takePiece();
        return true;
      case 'auxiliary':
        this.takeAuxiliary();
        return true;
      case 'function':
        this.note(`Skipping a function library of ${this.reader.valueLength} bytes in the RDB`);
        return true;
      case 'module':
        this.note(`Skipping AUX data of module '${this.reader.moduleName}' in the RDB`);
        return true;
      case 'database':
      case 'end':
        this.giveMark();
        return true;
      default:
        return true;
    }
  }

  private takeEntry(): boolean {
    this.giveMark();
    const { key, value } = this.reader;
    const { keyspace } = this.options;
    if (this.dropIfExpired()) return true;
    this.keysLoaded += 1;
    if (keyspace === null) return true;
    const db = keyspace.database(this.reader.database);
    const sizeBefore = db.size;
    setString(
      db,
      key.bytes,
      key.bytesStart,
      key.bytesEnd,
      value.bytes,
      value.bytesStart,
      value.bytesEnd,
      this.expiry(),
    );
    return this.finishEntry(db, sizeBefore);
  }

  private takeLongEntry(): boolean {
    this.giveMark();
    const { key, valueLength } = this.reader;
    const { keyspace } = this.options;
    this.skipsPieces = this.dropIfExpired() || keyspace === null;
    if (!this.skipsPieces || keyspace === null) this.keysLoaded += 1;
    if (this.skipsPieces || keyspace === null) return true;
    const db = keyspace.database(this.reader.database);
    const sizeBefore = db.size;
    // Address space is reserved for the length that the file claims; physical
    // memory comes with the pieces.
    prepareString(db, key.bytes, key.bytesStart, key.bytesEnd, valueLength, this.expiry());
    return this.finishEntry(db, sizeBefore);
  }

  private takePiece(): void {
    const { keyspace } = this.options;
    if (this.skipsPieces || keyspace === null) return;
    const { key, value, pieceAt, database } = this.reader;
    fillString(
      keyspace.database(database),
      key.bytes,
      key.bytesStart,
      key.bytesEnd,
      pieceAt,
      value.bytes,
      value.bytesStart,
      value.bytesEnd,
    );
  }

  /** Duplicates show in the database's size: no look-up for each key. */
  private finishEntry(db: Database, sizeBefore: number): boolean {
    const { key, database, idleSeconds, frequency } = this.reader;
    if (db.size === sizeBefore && !this.options.replacesKeys) {
      const name = quoteKey(key.bytes, key.bytesStart, key.bytesEnd);
      const reason = `RDB has duplicated key ${name} in DB ${database}`;
      this.error = { kind: 'corrupt', offset: this.reader.offset, reason };
      return false;
    }
    if (idleSeconds !== -1 || frequency !== -1) this.setAccess(db);
    return true;
  }

  private setAccess(db: Database): void {
    const { key, idleSeconds, frequency } = this.reader;
    const { nowMs } = this.options;
    const entry = db.peekAny(key.bytes, key.bytesStart, key.bytesEnd);
    if (db.keyspace.usesLfu) {
      if (frequency !== -1) db.setAccessBits(entry, lfuBitsOf(frequency, nowMs));
    } else if (idleSeconds !== -1) {
      db.setAccessBits(entry, lruBitsOf(idleSeconds, nowMs));
    }
  }

  private dropIfExpired(): boolean {
    const { key, database, expiresAtMs } = this.reader;
    const { nowMs, dropsExpired, onExpired } = this.options;
    if (!dropsExpired || expiresAtMs === -1 || expiresAtMs >= nowMs) return false;
    this.keysExpired += 1;
    onExpired(database, key.bytes, key.bytesStart, key.bytesEnd);
    return true;
  }

  /** As setString takes it, where 0 and -1 have a meaning of their own; both are long past. */
  private expiry(): number {
    const { expiresAtMs } = this.reader;
    return expiresAtMs === -1 ? NO_EXPIRY : Math.max(1, expiresAtMs);
  }

  private takeAuxiliary(): void {
    const { key, value } = this.reader;
    // The beginning will do: what is known is short, and what is not goes to the log at most.
    const nameEnd = Math.min(key.bytesEnd, key.bytesStart + TEXT_BYTES_MAX);
    const name = latin1Text(key.bytes, key.bytesStart, nameEnd);
    const textEnd = Math.min(value.bytesEnd, value.bytesStart + TEXT_BYTES_MAX);
    const text = latin1Text(value.bytes, value.bytesStart, textEnd);
    if (name.startsWith('%')) {
      this.note(`RDB '${name}': ${text}`);
      return;
    }
    switch (name.toLowerCase()) {
      case 'repl-stream-db':
      case 'repl-id':
      case 'repl-offset':
      case 'tandem-lineage':
      case FAILED_COMMANDS_AUX:
        this.auxiliary.set(name.toLowerCase(), text);
        break;
      case 'redis-ver':
        this.note(`Loading RDB produced by version ${text}`);
        break;
      case 'ctime':
        this.note(
          `RDB age ${Math.max(0, Math.floor(this.options.nowMs / 1000) - Number(text))} seconds`,
        );
        break;
      case 'used-mem':
        this.usedMemory = Number(text) || 0;
        this.note(`RDB memory usage when created ${(this.usedMemory / 2 ** 20).toFixed(2)} Mb`);
        break;
      case 'aof-preamble':
        if (text !== '0') this.note('RDB has an AOF tail');
        break;
      case 'aof-base':
        if (text !== '0') this.note('RDB is base AOF');
        break;
      case 'redis-bits':
      case 'lua':
        break;
      default:
        if (this.options.keyspace !== null) {
          this.options.log.debug(`Unrecognized RDB AUX field: '${name}'`);
        }
    }
  }

  /** Aux fields stand before all else: at the first thing after them they are complete. */
  private giveMark(): void {
    if (this.hasSeenData) return;
    this.hasSeenData = true;
    const replid = this.auxiliary.get('repl-id') ?? '';
    const offset = this.auxiliary.get('repl-offset') ?? '';
    const streamDb = Number(this.auxiliary.get('repl-stream-db') ?? -1);
    const isKnown = REPLID.test(replid) && REPL_OFFSET.test(offset);
    if (!isKnown || !Number.isInteger(streamDb)) return;
    if (streamDb < 0 || streamDb >= this.options.databases) return;
    const lineage = this.auxiliary.get('tandem-lineage') ?? '';
    this.mark = { replid, offset: Number(offset), streamDb, lineage };
    if (this.options.keyspace !== null) this.options.onMark(this.mark);
  }

  private note(text: string): void {
    // A check is followed by the load, which then tells the same.
    if (this.options.keyspace !== null) this.options.log.notice(text);
  }
}
