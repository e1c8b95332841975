/*
 * A command as monitors are shown it, one line in the form of a status reply:
 *
 *   +1700000000.123456 [0 127.0.0.1:6379] "SET" "a key" "\x00"
 *
 * Written straight into bytes, since arguments may be longer than any string. Pure; must not know
 * who is shown it.
 */

import { MONITOR_LINE_BYTES_MAX } from '../limits.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';

const QUOTE = 0x22;
const BLANK = 0x20;
const BACKSLASH = 0x5c;
const LETTER_X = 0x78;
const DIGITS = latin1('0123456789abcdef');
/** For each byte that is escaped by a letter or by itself that letter, else 0. */
const LETTERS = new Uint8Array(256);
for (const [byte, letter] of [
  ['\\', '\\'],
  ['"', '"'],
  ['\n', 'n'],
  ['\r', 'r'],
  ['\t', 't'],
  ['\x07', 'a'],
  ['\b', 'b'],
] as const) {
  LETTERS[byte.charCodeAt(0)] = letter.charCodeAt(0);
}
/** Bytes that each byte takes in quotes. */
const WIDTHS = Uint8Array.from(LETTERS, (letter, byte) => {
  if (letter !== 0) return 2;
  return byte >= BLANK && byte < 0x7f ? 1 : 4;
});

const REDACTED = latin1('"(redacted)"');
const END = latin1('\r\n');
/** Stands at the end of a line that would be too long. */
const CUT = latin1('..."\r\n');

export interface MonitorLine {
  readonly microseconds: number;
  /** The selected database after the command. */
  readonly database: number;
  /** Of whoever sent it; `unix:` and a path for a socket in the file system. */
  readonly source: string;
  /** Arguments with these indexes are nobody's business. */
  readonly secrets: readonly number[];
}

/** The line of a request, CRLF included. Nothing in it points into the request. */
export function encodeMonitorLine(line: MonitorLine, args: Arguments): Uint8Array {
  const { microseconds, database, source, secrets } = line;
  const seconds = Math.floor(microseconds / 1e6);
  const fraction = String(microseconds - seconds * 1e6).padStart(6, '0');
  const head = latin1(`+${seconds}.${fraction} [${database} ${source}]`);
  let length = head.length + END.length;
  for (let i = 0; i < args.count && length <= MONITOR_LINE_BYTES_MAX; i++) {
    length += 1 + (secrets.includes(i) ? REDACTED.length : quotedLength(args.range(i)));
  }
  const isCut = length > MONITOR_LINE_BYTES_MAX;
  const bytes = new Uint8Array(isCut ? MONITOR_LINE_BYTES_MAX : length);
  const end = isCut ? bytes.length - CUT.length : bytes.length - END.length;
  bytes.set(head);
  let at = head.length;
  for (let i = 0; i < args.count && at < end; i++) {
    bytes[at++] = BLANK;
    if (!secrets.includes(i)) at = writeQuoted(args.range(i), bytes, at, end);
    else if (at + REDACTED.length <= end) at = writeAll(REDACTED, bytes, at);
    else break;
  }
  at = writeAll(isCut ? CUT : END, bytes, at);
  return isCut ? bytes.subarray(0, at) : bytes;
}

function quotedLength(argument: Uint8Array): number {
  let length = 2;
  for (let i = 0; i < argument.length; i++) length += WIDTHS[argument[i]];
  return length;
}

/** Returns where the next byte goes: `end` at most, and near it where not all has room. */
function writeQuoted(argument: Uint8Array, target: Uint8Array, start: number, end: number): number {
  let at = start;
  if (at < end) target[at++] = QUOTE;
  for (let i = 0; i < argument.length; i++) {
    const byte = argument[i];
    const width = WIDTHS[byte];
    if (at + width > end) return at;
    if (width === 1) {
      target[at++] = byte;
      continue;
    }
    target[at++] = BACKSLASH;
    if (width === 2) {
      target[at++] = LETTERS[byte];
      continue;
    }
    target[at++] = LETTER_X;
    target[at++] = DIGITS[byte >>> 4];
    target[at++] = DIGITS[byte & 15];
  }
  if (at < end) target[at++] = QUOTE;
  return at;
}

function writeAll(bytes: Uint8Array, target: Uint8Array, at: number): number {
  target.set(bytes, at);
  return at + bytes.length;
}
