/*
 * Reads an RDB stream, versions 1 to 12, from chunks of any size. It is pulled: feed() gives bytes,
 * next() says what comes next in them; lacking bytes is the normal outcome 'more'. An entry that is
 * not all there is begun again when more has come (finding its end is cheap); long strings come in
 * pieces. Memory grows with what has arrived, never with what a length claims. Pure: it knows no
 * keyspace, no file, no clock.
 *
 * next() returns what it has found; the fields named beside it are valid until the following call:
 *
 *   'more'        feed() first
 *   'auxiliary'   key, value            a field at the head
 *   'database'    database              of the entries that follow
 *   'sizes'       keysHint, expiresHint untrusted hints
 *   'entry'       key, value, expiresAtMs, idleSeconds, frequency
 *   'long-entry'  the same without value, valueLength; 'piece's with its bytes follow
 *   'piece'       value, pieceAt        bytes of the long value from its position pieceAt on
 *   'function'    valueLength           a function library, skipped
 *   'module'      moduleName            a module's own data, skipped
 *   'end'         version, checksum     offset is right after the RDB
 *   'error'       error                 for ever
 */

import { RDB_PIECE_BYTES_MIN, RDB_READ_BUFFER_KEPT_BYTES } from '../../limits.js';
import { Crc64, checksumHexAt } from './crc64.js';
import * as format from './format.js';
import { LengthReader } from './lengths.js';
import {
  PRE_RELEASE_FUNCTION,
  quoteKey,
  type RdbError,
  type RdbErrorKind,
  UNEXPECTED_END,
  WRONG_SIGNATURE,
} from './read-error.js';
import { INCOMPLETE, INVALID, StringSlot } from './string-slot.js';

export type RdbEvent =
  | 'more'
  | 'auxiliary'
  | 'database'
  | 'sizes'
  | 'entry'
  | 'long-entry'
  | 'piece'
  | 'function'
  | 'module'
  | 'end'
  | 'error';

export interface RdbReaderOptions {
  /** Databases there are: a larger number in the file is an error. */
  readonly databases: number;
  /** rdbchecksum: false leaves the sum out. */
  readonly checksum: boolean;
}

/** 'skip' is an event nobody needs to hear of. */
type Step = RdbEvent | 'skip';

type State = 'header' | 'body' | 'pieces' | 'module' | 'checksum' | 'ended' | 'failed';

const SIGNATURE = [0x52, 0x45, 0x44, 0x49, 0x53];
const NEVER = -1;

export class RdbReader {
  readonly key = new StringSlot();
  readonly value = new StringSlot();
  /** -1: none. */
  expiresAtMs = NEVER;
  idleSeconds = NEVER;
  frequency = NEVER;
  valueLength = 0;
  pieceAt = 0;
  database = 0;
  keysHint = 0;
  expiresHint = 0;
  moduleName = '';
  version = 0;
  /** At the end: 'ok', 'absent' (eight zeros, or too old to have one), or 'unchecked'. */
  checksum: 'ok' | 'absent' | 'unchecked' = 'unchecked';
  error: RdbError | null = null;

  private readonly databases: number;
  private readonly checksChecksum: boolean;
  private readonly crc = new Crc64();
  private readonly lengths = new LengthReader();
  private state: State = 'header';
  private buffer: Uint8Array = new Uint8Array(RDB_READ_BUFFER_KEPT_BYTES);
  /** What is read next, and where the bytes end. */
  private position = 0;
  private limit = 0;
  /** Absolute offset of buffer[0]. */
  private base = 0;
  /** Bytes before this position are in the sum. */
  private summedTo = 0;
  private hasDelivered = false;

  constructor(options: RdbReaderOptions) {
    this.databases = options.databases;
    this.checksChecksum = options.checksum;
  }

  /** Absolute offset of what is read next. */
  get offset(): number {
    return this.base + this.position;
  }

  /** Takes a copy of the bytes. What next() returned before is no longer valid. */
  feed(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (count > this.buffer.length - this.limit) this.makeRoom(count);
    this.buffer.set(bytes.subarray(start, end), this.limit);
    this.limit += count;
  }

  /** The error of a source that ends here although next() asks for more. */
  cut(): RdbError {
    return { kind: 'cut', offset: this.base + this.limit, reason: UNEXPECTED_END };
  }

  next(): RdbEvent {
    for (;;) {
      const step = this.step();
      if (step !== 'skip') return step;
    }
  }

  private step(): Step {
    switch (this.state) {
      case 'body':
        return this.readBody();
      case 'pieces':
        return this.readPiece();
      case 'header':
        return this.readHeader();
      case 'module':
        return this.readModuleItem();
      case 'checksum':
        return this.readChecksum();
      case 'ended':
        return 'end';
      case 'failed':
        return 'error';
    }
  }

  private readHeader(): Step {
    const { buffer, position, limit } = this;
    const letters = Math.min(limit - position, SIGNATURE.length);
    for (let index = 0; index < letters; index += 1) {
      if (buffer[position + index] !== SIGNATURE[index]) {
        return this.fail('corrupt', position + index, WRONG_SIGNATURE);
      }
    }
    if (limit - position < format.HEADER_BYTES) return 'more';
    const text = String.fromCharCode(...buffer.subarray(position + 5, position + 9));
    const version = /^\d{4}$/.test(text) ? Number(text) : 0;
    if (version < 1 || version > format.RDB_VERSION_READ_MAX) {
      const shown = version === 0 ? JSON.stringify(text) : version;
      return this.fail('unsupported', position + 5, `Can't handle RDB format version ${shown}`);
    }
    this.version = version;
    this.position = position + format.HEADER_BYTES;
    this.state = 'body';
    return 'skip';
  }

  private readBody(): Step {
    if (this.hasDelivered) {
      this.hasDelivered = false;
      this.expiresAtMs = NEVER;
      this.idleSeconds = NEVER;
      this.frequency = NEVER;
    }
    if (this.position >= this.limit) return 'more';
    const opcode = this.buffer[this.position];
    return opcode < format.OPCODE_SLOT_INFO ? this.readEntry(opcode) : this.readOpcode(opcode);
  }

  private readOpcode(opcode: number): Step {
    switch (opcode) {
      case format.OPCODE_EXPIRETIME_MS:
        return this.readExpiry(8);
      case format.OPCODE_EXPIRETIME:
        return this.readExpiry(4);
      case format.OPCODE_IDLE:
        return this.readIdle();
      case format.OPCODE_FREQ:
        if (this.position + 2 > this.limit) return 'more';
        this.frequency = this.buffer[this.position + 1];
        return this.advance(this.position + 2, 'skip');
      case format.OPCODE_AUX:
        return this.readAuxiliary();
      case format.OPCODE_SELECTDB:
        return this.readSelect();
      case format.OPCODE_RESIZEDB:
        return this.readSizes();
      case format.OPCODE_FUNCTION2:
        return this.readFunction();
      case format.OPCODE_FUNCTION_PRE_GA:
        return this.fail('unsupported', this.position, PRE_RELEASE_FUNCTION);
      case format.OPCODE_MODULE_AUX:
        return this.readModule();
      case format.OPCODE_EOF:
        this.state = 'checksum';
        return this.advance(this.position + 1, 'skip');
      default:
        return this.readSlotInfo();
    }
  }

  /** Two hints and a number that only clusters use. */
  private readSlotInfo(): Step {
    let at = this.position + 1;
    for (let field = 0; field < 3; field += 1) {
      at = this.readLength(at);
      if (at < 0) return stepOf(at);
    }
    return this.advance(at, 'skip');
  }

  private readExpiry(width: 4 | 8): Step {
    const at = this.position + 1;
    if (at + width > this.limit) return 'more';
    const low = this.int32(at);
    this.expiresAtMs = width === 4 ? low * 1000 : this.int32(at + 4) * 0x1_0000_0000 + (low >>> 0);
    return this.advance(at + width, 'skip');
  }

  private readIdle(): Step {
    const next = this.readLength(this.position + 1);
    if (next < 0) return stepOf(next);
    this.idleSeconds = this.lengths.value;
    return this.advance(next, 'skip');
  }

  private readAuxiliary(): Step {
    const valueAt = this.readString(this.position + 1, this.key);
    if (valueAt < 0) return stepOf(valueAt);
    const next = this.readString(valueAt, this.value);
    if (next < 0) return stepOf(next);
    if (!this.key.decode(this.buffer)) return this.failString(this.key);
    if (!this.value.decode(this.buffer)) return this.failString(this.value);
    return this.advance(next, 'auxiliary');
  }

  private readSelect(): Step {
    const next = this.readLength(this.position + 1);
    if (next < 0) return stepOf(next);
    if (this.lengths.value >= this.databases) {
      return this.fail(
        'unsupported',
        this.position,
        `FATAL: Data file was created with a Redis server configured to handle more than ` +
          `${this.databases} databases (it has database ${this.lengths.value})`,
      );
    }
    this.database = this.lengths.value;
    return this.advance(next, 'database');
  }

  private readSizes(): Step {
    const expiresAt = this.readLength(this.position + 1);
    if (expiresAt < 0) return stepOf(expiresAt);
    this.keysHint = this.lengths.value;
    const next = this.readLength(expiresAt);
    if (next < 0) return stepOf(next);
    this.expiresHint = this.lengths.value;
    return this.advance(next, 'sizes');
  }

  private readFunction(): Step {
    const next = this.readString(this.position + 1, this.value);
    if (next < 0) return stepOf(next);
    if (!this.value.decode(this.buffer)) return this.failString(this.value);
    this.valueLength = this.value.bytesEnd - this.value.bytesStart;
    return this.advance(next, 'function');
  }

  private readModule(): Step {
    let at = this.readLength(this.position + 1);
    if (at < 0) return stepOf(at);
    this.moduleName = format.moduleName(this.lengths.high, this.lengths.low);
    const opcodeAt = at;
    at = this.readLength(at);
    if (at < 0) return stepOf(at);
    if (this.lengths.value !== format.MODULE_UINT) {
      return this.fail('corrupt', opcodeAt, 'bad when_opcode');
    }
    at = this.readLength(at);
    if (at < 0) return stepOf(at);
    this.state = 'module';
    return this.advance(at, 'skip');
  }

  private readModuleItem(): Step {
    const at = this.readLength(this.position);
    if (at < 0) return stepOf(at);
    switch (this.lengths.value) {
      case format.MODULE_EOF:
        this.state = 'body';
        return this.advance(at, 'module');
      case format.MODULE_SINT:
      case format.MODULE_UINT: {
        const next = this.readLength(at);
        return next < 0 ? stepOf(next) : this.advance(next, 'skip');
      }
      case format.MODULE_FLOAT:
        return at + 4 > this.limit ? 'more' : this.advance(at + 4, 'skip');
      case format.MODULE_DOUBLE:
        return at + 8 > this.limit ? 'more' : this.advance(at + 8, 'skip');
      case format.MODULE_STRING: {
        const next = this.readString(at, this.value);
        return next < 0 ? stepOf(next) : this.advance(next, 'skip');
      }
      default:
        return this.fail(
          'corrupt',
          this.position,
          `Unknown opcode ${this.lengths.value} in the data of module '${this.moduleName}'`,
        );
    }
  }

  private readEntry(type: number): Step {
    const valueAt = this.readString(this.position + 1, this.key);
    if (valueAt < 0) return stepOf(valueAt);
    if (type !== format.TYPE_STRING) return this.refuseType(type);
    const next = this.value.locate(this.buffer, valueAt, this.limit);
    if (next === INVALID) return this.failString(this.value);
    if (next === INCOMPLETE) return 'more';
    const isLong = this.value.kind === 'raw' && this.value.length >= RDB_PIECE_BYTES_MIN;
    if (!isLong && next > this.limit) return 'more';
    if (!this.key.decode(this.buffer)) return this.failString(this.key);
    this.hasDelivered = true;
    if (isLong) {
      this.key.detach();
      this.valueLength = this.value.length;
      this.pieceAt = 0;
      this.value.bytesStart = 0;
      this.value.bytesEnd = 0;
      this.state = 'pieces';
      return this.advance(this.value.start, 'long-entry');
    }
    if (!this.value.decode(this.buffer)) return this.failString(this.value);
    return this.advance(next, 'entry');
  }

  private readPiece(): Step {
    const { value } = this;
    const pieceAt = this.pieceAt + (value.bytesEnd - value.bytesStart);
    this.pieceAt = pieceAt;
    value.bytes = this.buffer;
    value.bytesStart = this.position;
    value.bytesEnd = Math.min(this.limit, this.position + this.valueLength - pieceAt);
    if (value.bytesEnd === this.position) return 'more';
    if (pieceAt + value.bytesEnd - this.position === this.valueLength) this.state = 'body';
    return this.advance(value.bytesEnd, 'piece');
  }

  private refuseType(type: number): Step {
    const name = format.UNSUPPORTED_TYPES.get(type);
    if (name === undefined) {
      return this.fail('corrupt', this.position, `Unknown RDB encoding type ${type}`);
    }
    if (!this.key.decode(this.buffer)) return this.failString(this.key);
    const key = quoteKey(this.key.bytes, this.key.bytesStart, this.key.bytesEnd);
    return this.fail(
      'unsupported',
      this.position,
      `Key ${key} in DB ${this.database} is of type ${name} (RDB type ${type}), ` +
        'which this server cannot load yet',
    );
  }

  private readChecksum(): Step {
    if (this.version < format.RDB_VERSION_CHECKSUM) {
      this.checksum = 'absent';
      this.state = 'ended';
      return 'end';
    }
    const at = this.position;
    if (at + format.CHECKSUM_BYTES > this.limit) return 'more';
    this.sumTo(at);
    const expected = checksumHexAt(this.buffer, at);
    if (!this.checksChecksum) {
      this.checksum = 'unchecked';
    } else if (expected === '0'.repeat(16)) {
      this.checksum = 'absent';
    } else if (this.crc.isAt(this.buffer, at)) {
      this.checksum = 'ok';
    } else {
      const sum = this.crc.toHex();
      return this.fail('corrupt', at, `RDB CRC error: expected (${expected}) but got (${sum})`);
    }
    this.state = 'ended';
    return this.advance(at + format.CHECKSUM_BYTES, 'end');
  }

  /** Position after a plain length, whose value is then in `lengths`; INCOMPLETE or INVALID. */
  private readLength(at: number): number {
    const kind = this.lengths.read(this.buffer, at, this.limit);
    if (kind === 'length') return this.lengths.next;
    if (kind === 'incomplete') return INCOMPLETE;
    this.fail('corrupt', at, `Unknown length encoding ${this.buffer[at]}`);
    return INVALID;
  }

  /** Position after a whole string, located in `slot`; INCOMPLETE or INVALID. */
  private readString(at: number, slot: StringSlot): number {
    const next = slot.locate(this.buffer, at, this.limit);
    if (next === INVALID) this.failString(slot);
    return next > this.limit ? INCOMPLETE : next;
  }

  private failString(slot: StringSlot): Step {
    return this.fail('corrupt', slot.invalidAt, slot.reason);
  }

  private fail(kind: RdbErrorKind, at: number, reason: string): Step {
    this.error = { kind, offset: this.base + at, reason };
    this.state = 'failed';
    return 'error';
  }

  private advance(to: number, step: Step): Step {
    this.position = to;
    return step;
  }

  private int32(at: number): number {
    const { buffer } = this;
    return buffer[at] | (buffer[at + 1] << 8) | (buffer[at + 2] << 16) | (buffer[at + 3] << 24);
  }

  private sumTo(position: number): void {
    if (this.checksChecksum) this.crc.update(this.buffer, this.summedTo, position);
    this.summedTo = position;
  }

  /** Moves what is unread to the front, into a larger or again smaller buffer where that is due. */
  private makeRoom(count: number): void {
    this.sumTo(this.position);
    const unread = this.limit - this.position;
    const needed = unread + count;
    const isLarge = this.buffer.length > RDB_READ_BUFFER_KEPT_BYTES;
    const mustShrink = isLarge && needed <= RDB_READ_BUFFER_KEPT_BYTES;
    if (needed > this.buffer.length || mustShrink) {
      const kept = Math.max(RDB_READ_BUFFER_KEPT_BYTES, mustShrink ? 0 : 2 * needed);
      const larger = new Uint8Array(kept);
      larger.set(this.buffer.subarray(this.position, this.limit));
      this.buffer = larger;
    } else {
      this.buffer.copyWithin(0, this.position, this.limit);
    }
    this.base += this.position;
    this.limit = unread;
    this.position = 0;
    this.summedTo = 0;
  }
}

/** The step that a position which is none stands for; an invalid one has set the error. */
function stepOf(outcome: number): Step {
  return outcome === INCOMPLETE ? 'more' : 'error';
}
