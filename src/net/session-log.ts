/*
 * The lines that a session writes into the log, in Redis's words: people and tools search for them.
 * Pure functions from what happened to the text.
 */

import type { ProtocolError } from '../resp/protocol-error.js';
import { latin1Text } from '../structures/bytes.js';

/**
 * Bytes of the input shown after a protocol error, half of them from each end when there are more.
 */
const SAMPLE_BYTES_MAX = 128;

/** Bytes of the input shown of a client that sent too much. */
const INITIAL_BYTES_MAX = 64;

/** `bytes[start, end)` is the input from the faulty request on. */
export function protocolErrorLine(options: {
  error: ProtocolError;
  client: string;
  bytes: Uint8Array;
  start: number;
  end: number;
}): string {
  const { error, client, bytes, start, end } = options;
  const length = end - start;
  const half = SAMPLE_BYTES_MAX / 2;
  const sample =
    length < SAMPLE_BYTES_MAX
      ? `'${printable(bytes, start, end)}'`
      : `'${printable(bytes, start, start + half)}' (... more ${length - SAMPLE_BYTES_MAX} ` +
        'bytes ...) ' +
        `'${printable(bytes, end - half, end)}'`;
  return (
    `Protocol error (${error.logged}) from client: ${client}. ` +
    `Query buffer during protocol error: ${sample}`
  );
}

export function queryBufferLine(options: {
  client: string;
  bytes: Uint8Array;
  start: number;
  end: number;
}): string {
  const { client, bytes, start, end } = options;
  const shown = quoted(bytes, start, Math.min(end, start + INITIAL_BYTES_MAX));
  return (
    `Closing client that reached max query buffer length: ${client} ` +
    `(qbuf initial bytes: ${shown})`
  );
}

export function outputLimitLine(client: string): string {
  return `Client ${client} scheduled to be closed ASAP for overcoming of output buffer limits.`;
}

function printable(bytes: Uint8Array, start: number, end: number): string {
  return latin1Text(bytes, start, end).replace(/[^\x20-\x7e]/g, '.');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '"': '\\"',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
};

function quoted(bytes: Uint8Array, start: number, end: number): string {
  const text = latin1Text(bytes, start, end).replace(/[^\x20-\x7e]|["\\]/g, (char) => {
    return ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${text}"`;
}
