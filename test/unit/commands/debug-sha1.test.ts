/*
 * SHA-1 against node:crypto, and the digests of DEBUG against their definition and against what a
 * redis-server answered.
 */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Digest, stringDigest } from '../../../src/commands/debug-digest.js';
import { SHA1_BYTES, Sha1 } from '../../../src/commands/debug-sha1.js';

// DEBUG DIGEST-VALUE k of a redis-server after SET k value, and after SET k value EX 1000.
const VALUE_DIGEST = 'd59ec93db87f4cd915db3cdf44bb63755bc4a635';
const VALUE_DIGEST_EXPIRING = '331b37c26446a68dd4cdd72701d1acee416ae7b6';

function sha1(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xored(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]);
}

describe('SHA-1', () => {
  test('equals that of node:crypto, however the bytes come in pieces', () => {
    const own = new Sha1();
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (parts) => {
        for (const part of parts) own.update(part, 0, part.length);
        const result = new Uint8Array(SHA1_BYTES);
        own.xorInto(result);
        assert.deepEqual(Buffer.from(result), sha1(...parts));
      }),
    );
  });

  test('equals it at the lengths around the padding', () => {
    const own = new Sha1();
    for (const length of [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 100_000]) {
      const bytes = new Uint8Array(length).fill(length & 0xff);
      own.update(bytes, 0, length);
      const result = new Uint8Array(SHA1_BYTES);
      own.xorInto(result);
      assert.deepEqual(Buffer.from(result), sha1(bytes), `length ${length}`);
    }
  });
});

describe('digests', () => {
  test('mix depends on the order, xor does not', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        const mixed = new Digest();
        mixed.mix(a);
        mixed.mix(b);
        const first = sha1(sha1(a));
        assert.deepEqual(Buffer.from(mixed.bytes), sha1(xored(first, sha1(b))));
        const sum = new Digest();
        sum.xor(b);
        sum.xor(a);
        assert.deepEqual(sum.bytes, Uint8Array.from(xored(sha1(a), sha1(b))));
      }),
    );
  });

  test("a string's digest is what redis-server 7.0 and 7.2 answer to DEBUG DIGEST-VALUE", () => {
    assert.equal(stringDigest(Buffer.from('value'), false), VALUE_DIGEST);
    assert.equal(stringDigest(Buffer.from('value'), true), VALUE_DIGEST_EXPIRING);
  });
});
