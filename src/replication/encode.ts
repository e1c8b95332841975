/*
 * Commands as multibulk requests, for the stream and for the handshake. Not the hot path: that one
 * passes bytes on as they came. Pure.
 */

import { copyBytes, latin1 } from '../structures/bytes.js';
import { integerLength, writeInteger } from '../structures/integers.js';

const STAR = 0x2a;
const DOLLAR = 0x24;
const CR = 0x0d;
const LF = 0x0a;

/** Length of a command as a multibulk, in bytes. */
export function encodedLength(parts: readonly Uint8Array[]): number {
  let length = headerLength(parts.length);
  for (const part of parts) length += headerLength(part.length) + part.length + 2;
  return length;
}

/** Writes `*<count>` CRLF or `$<length>` CRLF; returns the position after it. */
function writeHeader(mark: number, value: number, target: Uint8Array, at: number): number {
  target[at] = mark;
  const end = writeInteger(value, target, at + 1);
  target[end] = CR;
  target[end + 1] = LF;
  return end + 2;
}

/** Writes the command into `target` from `at` on, where there must be room; returns its end. */
export function encodeInto(parts: readonly Uint8Array[], target: Uint8Array, at: number): number {
  let position = writeHeader(STAR, parts.length, target, at);
  for (const part of parts) {
    position = writeHeader(DOLLAR, part.length, target, position);
    copyBytes(part, 0, part.length, target, position);
    position += part.length;
    target[position++] = CR;
    target[position++] = LF;
  }
  return position;
}

/**
 * The command in pieces that follow one another: long parts as they are, what stands between them
 * encoded. For commands that are too long to be copied once more.
 */
export function encodePieces(parts: readonly Uint8Array[], longBytes: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let length = headerLength(parts.length);
  for (const part of parts) {
    length += headerLength(part.length) + 2 + (part.length < longBytes ? part.length : 0);
  }
  const between = new Uint8Array(length);
  let from = 0;
  let at = writeHeader(STAR, parts.length, between, 0);
  for (const part of parts) {
    at = writeHeader(DOLLAR, part.length, between, at);
    if (part.length < longBytes) {
      copyBytes(part, 0, part.length, between, at);
      at += part.length;
    } else {
      pieces.push(between.subarray(from, at), part);
      from = at;
    }
    between[at++] = CR;
    between[at++] = LF;
  }
  pieces.push(between.subarray(from, at));
  return pieces;
}

/** A command of latin1 words as bytes of its own. */
export function encodeCommand(...words: readonly string[]): Uint8Array {
  const parts = words.map(latin1);
  const bytes = new Uint8Array(encodedLength(parts));
  encodeInto(parts, bytes, 0);
  return bytes;
}

function headerLength(value: number): number {
  return 3 + integerLength(value);
}
