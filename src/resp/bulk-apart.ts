/*
 * The decision to read a long bulk straight into the block of its value, instead of collecting it
 * and copying it there afterwards. Taken when the beginning of the bulk has arrived; bounded by
 * what has come of it, so that who only announces occupies little. Must not know sessions or
 * sockets.
 */

import type { Client } from '../commands/client.js';
import type { LargeValue } from '../keyspace/large-value.js';
import {
  LARGE_BULK_BYTES_MIN,
  LARGE_VALUE_TRUST_FACTOR,
  LARGE_VALUE_TRUSTED_BYTES,
} from '../limits.js';
import type { Arguments } from './arguments.js';
import type { RequestDecoder } from './request-decoder.js';

export interface ValueSource {
  /**
   * Where to read a long bulk of a request that is arriving: argument `args.count` of `length`
   * bytes, with `following` more to come. Null: collect it like any other. Whoever got it frees it
   * with the request (Arguments.freeLarge), unless the request's execution took it.
   */
  reserveValue(
    client: Client,
    args: Arguments,
    length: number,
    following: number,
  ): LargeValue | null;
}

/**
 * The decoder has come upon an unfinished request, whose bytes are `bytes[position, end)`. If a
 * long bulk is arriving and has a place: 1. the decoder expects it apart; 2. the arguments hold the
 * value; 3. what has arrived of it is in there. Returns the value, or null: nothing has changed.
 */
export function setBulkApart(
  source: ValueSource,
  request: { client: Client; decoder: RequestDecoder; args: Arguments },
  bytes: Uint8Array,
  position: number,
  end: number,
): LargeValue | null {
  const { client, decoder, args } = request;
  const length = decoder.pendingBulkBytes;
  const at = position + decoder.parsedBytes;
  if (length < LARGE_BULK_BYTES_MIN || end - at >= length || args.large !== null) return null;
  const isTrusted =
    length <= LARGE_VALUE_TRUSTED_BYTES || length <= (end - at) * LARGE_VALUE_TRUST_FACTOR;
  if (!isTrusted) return null;
  const value = source.reserveValue(client, args, length, decoder.remaining - 1);
  if (value === null) return null;
  decoder.setBulkApart(args, value);
  value.write(bytes, at, end);
  return value;
}

/**
 * Undoes setBulkApart() while nothing of the bulk has come: 1. the decoder expects it behind the
 * request's beginning; 2. the block is freed. When the bulk comes it may be set apart again. False:
 * nothing has changed.
 */
export function giveBlockBack(decoder: RequestDecoder, args: Arguments): boolean {
  const { large } = args;
  if (large === null || large.filled > 0) return false;
  decoder.takeBulkBack(large.length);
  args.freeLarge();
  return true;
}
