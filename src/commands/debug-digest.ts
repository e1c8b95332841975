/*
 * DEBUG DIGEST: one hash for a data set, equal to that of a redis-server with equal data, whatever
 * the order of its keys. Two operations make it:
 *
 *   xor(digest, bytes)   digest ^= SHA1(bytes)                     order does not count
 *   mix(digest, bytes)   digest = SHA1(digest ^ SHA1(bytes))       order counts
 *
 * Each database that has keys is mixed in by its number (4 bytes, big-endian); then each key's own
 * digest (from zero: the key, the type as 4 bytes and the value mixed; `!!expire!!` xored when it
 * has an expiry) is xored in. Keys past their time count too.
 */

import { type EntryView, KeyspaceWalk } from '../keyspace/iterate.js';
import type { BlockReader } from '../memory/block-reader.js';
import { latin1 } from '../structures/bytes.js';
import { SHA1_BYTES, Sha1 } from './debug-sha1.js';

const EXPIRE_MARK = latin1('!!expire!!');
/** The number of the type in Redis; a string is 0. */
const STRING_TYPE = new Uint8Array(4);

/** A digest that is being built; its methods are xor and mix as above, the latter also in pieces.
 */
export class Digest {
  readonly bytes = new Uint8Array(SHA1_BYTES);
  readonly #sha1 = new Sha1();

  clear(): void {
    this.bytes.fill(0);
  }

  xor(bytes: Uint8Array): void {
    this.#sha1.update(bytes, 0, bytes.length);
    this.#sha1.xorInto(this.bytes);
  }

  mix(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.mixPiece(bytes, start, end);
    this.mixEnd();
  }

  /** A part of what is mixed in. */
  mixPiece(bytes: Uint8Array, start: number, end: number): void {
    this.#sha1.update(bytes, start, end);
  }

  mixEnd(): void {
    const { bytes } = this;
    this.#sha1.xorInto(bytes);
    this.#sha1.update(bytes, 0, SHA1_BYTES);
    bytes.fill(0);
    this.#sha1.xorInto(bytes);
  }

  toHex(): string {
    return Array.from(this.bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

/** The digest of all databases. Walks all of them at once: it takes as long as that takes. */
export function dataSetDigest(reader: BlockReader): string {
  const total = new Digest();
  const each = new Digest();
  const walk = new KeyspaceWalk(reader, reader.root);
  while (walk.nextDatabase()) {
    total.mix(bigEndian(walk.database));
    while (walk.nextEntry()) {
      const { entry } = walk;
      each.clear();
      each.mix(entry.key, entry.keyStart, entry.keyEnd);
      mixValue(each, walk, entry);
      total.xor(each.bytes);
    }
  }
  return total.toHex();
}

function mixValue(digest: Digest, walk: KeyspaceWalk, entry: EntryView): void {
  const hasExpiry = entry.expiresAtMs !== -1;
  digest.mix(STRING_TYPE);
  while (walk.nextPiece()) digest.mixPiece(walk.piece, walk.pieceStart, walk.pieceEnd);
  digest.mixEnd();
  if (hasExpiry) digest.xor(EXPIRE_MARK);
}

/** The digest of one string value (DEBUG DIGEST-VALUE): without its key. */
export function stringDigest(value: Uint8Array, hasExpiry: boolean): string {
  const digest = new Digest();
  digest.mix(STRING_TYPE);
  digest.mix(value);
  if (hasExpiry) digest.xor(EXPIRE_MARK);
  return digest.toHex();
}

/** What DEBUG DIGEST-VALUE answers for a key that is not there. */
export const NO_DIGEST = '0'.repeat(SHA1_BYTES * 2);

function bigEndian(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
}
