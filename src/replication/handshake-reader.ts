/*
 * Reads the primary's replies during the handshake: one line each, so redis-parser is fed one line
 * at a time (given a whole chunk it would swallow what follows: payload or stream). Empty lines are
 * signs of life. Pure: bytes in, lines out.
 */

import RedisParser from 'redis-parser';
import { HANDSHAKE_LINE_BYTES_MAX } from '../limits.js';
import { latin1Text } from '../structures/bytes.js';

const NEWLINE = 0x0a;

/** What a read of one line gave. */
export type HandshakeRead =
  /** The line is not whole yet: all bytes were taken. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'empty'; readonly position: number }
  /** `line` starts with `+` or `-` and has no line end. */
  | { readonly kind: 'reply'; readonly line: string; readonly position: number }
  | { readonly kind: 'malformed'; readonly error: string };

export class HandshakeReader {
  #line: number[] = [];
  #reply: string | null = null;
  readonly #parser: RedisParser;

  constructor() {
    this.#parser = new RedisParser({
      returnReply: (reply: unknown) => {
        this.#reply = `+${String(reply)}`;
      },
      returnError: (error: Error) => {
        this.#reply = `-${error.message}`;
      },
      returnFatalError: (error: Error) => {
        throw error;
      },
    });
  }

  /** Takes one line from `bytes[start, end)`; `position` is where the next begins. */
  next(bytes: Uint8Array, start: number, end: number): HandshakeRead {
    for (let at = start; at < end; at++) {
      this.#line.push(bytes[at]);
      if (this.#line.length > HANDSHAKE_LINE_BYTES_MAX) {
        return { kind: 'malformed', error: 'line too long' };
      }
      if (bytes[at] === NEWLINE) return this.#parse(at + 1);
    }
    return { kind: 'incomplete' };
  }

  #parse(position: number): HandshakeRead {
    const line = Buffer.from(this.#line);
    this.#line = [];
    const text = latin1Text(line).trimEnd();
    if (text === '') return { kind: 'empty', position };
    if (!text.startsWith('+') && !text.startsWith('-')) return malformed(text);
    this.#reply = null;
    try {
      // Redis ends its lines with CRLF; be content with a bare LF, as redis-server is.
      this.#parser.execute(Buffer.from(`${text}\r\n`, 'latin1'));
    } catch {
      return malformed(text);
    }
    const reply = this.#reply;
    return reply === null ? malformed(text) : { kind: 'reply', line: reply, position };
  }
}

function malformed(text: string): HandshakeRead {
  return { kind: 'malformed', error: text };
}
