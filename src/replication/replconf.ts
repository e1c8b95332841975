/*
 * REPLCONF as a primary hears it: options that a client tells of itself before it asks for a sync,
 * and the ACKs of a replica. Parses; what an ACK means is primary.ts's. Pure.
 */

import { splitWords } from '../structures/words.js';
import type { ReplicaSettings } from './peer.js';

/** Longest address that a replica may announce, as in Redis (NET_HOST_STR_LEN). */
const ADDRESS_CHARACTERS_MAX = 255;

export type ReplconfResult =
  /** Settings were changed: answer OK. */
  | { readonly kind: 'ok' }
  | { readonly kind: 'error'; readonly text: string }
  /** REPLCONF ACK: never answered. `fsyncedOffset` is -1 without FACK. */
  | { readonly kind: 'ack'; readonly offset: number; readonly fsyncedOffset: number }
  /** REPLCONF GETACK: never answered by a primary. */
  | { readonly kind: 'getack' }
  /** An ACK without a number: nothing happens, nothing is answered. */
  | { readonly kind: 'ignored' };

const NOT_AN_INTEGER = 'ERR value is not an integer or out of range';

/**
 * `options`: name, value, name, value … Changes `settings` up to the first error, as Redis does.
 */
export function applyReplconf(
  options: readonly string[],
  settings: ReplicaSettings,
): ReplconfResult {
  if (options.length % 2 !== 0) return error('ERR syntax error');
  for (let i = 0; i < options.length; i += 2) {
    const [name = '', value = ''] = options.slice(i, i + 2);
    switch (name.toLowerCase()) {
      case 'ack':
        return parseAck(options.slice(i + 1));
      case 'getack':
        return { kind: 'getack' };
      default: {
        const text = applyOption(name, value, settings);
        if (text !== null) return error(text);
      }
    }
  }
  return { kind: 'ok' };
}

/** The error text, or null. */
function applyOption(name: string, value: string, settings: ReplicaSettings): string | null {
  switch (name.toLowerCase()) {
    case 'listening-port':
      if (!isInteger(value)) return NOT_AN_INTEGER;
      settings.listeningPort = Number(value);
      return null;
    case 'ip-address':
      if (value.length > ADDRESS_CHARACTERS_MAX) {
        return (
          'ERR REPLCONF ip-address provided by replica instance is too long: ' +
          `${value.length} bytes`
        );
      }
      settings.announcedIp = value;
      return null;
    case 'capa':
      if (value.toLowerCase() === 'eof') settings.hasEof = true;
      else if (value.toLowerCase() === 'psync2') settings.hasPsync2 = true;
      return null;
    case 'rdb-only':
      if (!isInteger(value)) return NOT_AN_INTEGER;
      if (value !== '0' && value !== '1') {
        return 'ERR value is out of range, value must between 0 and 1';
      }
      settings.isRdbOnly = value === '1';
      return null;
    case 'rdb-filter-only':
      return applyFilter(value, settings);
    default:
      return `ERR Unrecognized REPLCONF option: ${name}`;
  }
}

/** `functions` is the only filter there is: whatever is named, the data stay out. */
function applyFilter(value: string, settings: ReplicaSettings): string | null {
  const filters = splitWords(value);
  if (filters === null) return 'ERR Missing rdb-filter-only values';
  settings.isWithoutData = true;
  for (const filter of filters) {
    if (filter.toLowerCase() === 'functions') continue;
    return `ERR Unsupported rdb-filter-only option: ${filter}`;
  }
  return null;
}

/** `words`: what follows ACK. */
function parseAck(words: readonly string[]): ReplconfResult {
  const [value = '', name = '', fsynced = ''] = words;
  if (!isInteger(value)) return { kind: 'ignored' };
  const isFsynced = name.toLowerCase() === 'fack' && isInteger(fsynced);
  const fsyncedOffset = isFsynced ? Number(fsynced) : -1;
  return { kind: 'ack', offset: Number(value), fsyncedOffset };
}

/** A decimal integer that a double holds exactly. */
function isInteger(text: string): boolean {
  return /^(?:0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text));
}

function error(text: string): ReplconfResult {
  return { kind: 'error', text };
}
