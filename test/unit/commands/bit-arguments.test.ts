/* Bit offsets at their limits, and what a BITFIELD that only grows its string sends to replicas. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBitOffset } from '../../../src/commands/bit-arguments.js';
import type { Context } from '../../../src/commands/command.js';
import { Config } from '../../../src/config/config.js';
import { STRING_BYTES_MAX } from '../../../src/limits.js';
import { RequestPath } from '../../helpers/request-path.js';
import { encodeRequest } from '../../helpers/resp-client.js';
import { request } from './requests.js';

const TWO_TO_62 = '4611686018427387904';

function contextWith(isFromPrimary: boolean): Context {
  return { isFromPrimary, services: { config: new Config() } } as unknown as Context;
}

test('offsets in bits and in fields, up to the longest string', () => {
  const ctx = contextWith(false);
  const offset = (text: string, fieldBits: number): number =>
    readBitOffset(ctx, request(text), 0, fieldBits);
  assert.equal(offset('4294967295', 0), 4294967295);
  assert.equal(offset('4294967296', 0), Number.NaN);
  assert.equal(offset('#536870911', 8), 4294967288);
  assert.equal(offset('#536870912', 8), Number.NaN);
  assert.equal(offset('#1', 0), Number.NaN);
  // As in Redis these are multiplied in 64 bits.
  assert.equal(offset(`#${TWO_TO_62}`, 8), 0);
  assert.equal(offset('#2305843009213693953', 8), 8);
  assert.equal(offset('#1152921504606846977', 8), Number.NaN);
  assert.equal(offset('#-2305843009213693951', 8), 8);
});

test('the stream of the primary goes by the longest block only', () => {
  const ctx = contextWith(true);
  const last = STRING_BYTES_MAX * 8 - 1;
  assert.equal(readBitOffset(ctx, request(String(last)), 0, 0), last);
  assert.equal(readBitOffset(ctx, request(String(last + 1)), 0, 0), Number.NaN);
  assert.equal(readBitOffset(ctx, request(TWO_TO_62), 0, 0), Number.NaN);
});

test('BITFIELD that fails but makes its string longer travels: replicas stay alike', () => {
  const path = new RequestPath({
    hasReplicas: true,
    clock: { wallMs: () => 0, monotonicMs: () => 0 },
  });
  const grows = Uint8Array.from(
    encodeRequest(['BITFIELD', 'k', 'OVERFLOW', 'FAIL', 'INCRBY', 'u2', '100', '7']),
  );
  path.execute(grows);
  assert.equal(path.feedBytes, grows.length);
  path.execute(grows);
  assert.equal(path.feedBytes, grows.length, 'the second one changes nothing');
});
