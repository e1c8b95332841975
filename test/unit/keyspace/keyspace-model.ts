/*
 * A plain model of the keyspace (Maps of strings), and a driver that does the same random things to
 * both and compares. Everything comes from one seed.
 */

import assert from 'node:assert/strict';
import type { Database } from '../../../src/keyspace/database.js';
import { KeyspaceWalk } from '../../../src/keyspace/iterate.js';
import type { Keyspace } from '../../../src/keyspace/keyspace.js';
import { readInteger, stringBytes } from '../../../src/keyspace/string-read.js';
import {
  appendString,
  KEEP_EXPIRY,
  setInteger,
  setString,
  setStringRange,
  setText,
} from '../../../src/keyspace/string-value.js';
import { copyKey, moveKey } from '../../../src/keyspace/whole-key.js';
import { type BlockReader, Memory } from '../../../src/memory/memory.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';
import { INT64_BIG, INT64_SAFE, Int64Result } from '../../../src/structures/integers.js';
import { newKeyspace } from '../../helpers/keyspace.js';
import { seededRandom } from '../../helpers/random.js';

export interface ModelKey {
  value: string;
  encoding: 'int' | 'embstr' | 'raw';
  /** -1 without one. */
  expiresAtMs: number;
}

export type ModelDatabase = Map<string, ModelKey>;

const DATABASES = 3;
const INTEGER = /^(0|-?[1-9]\d{0,18})$/;

function isInt64(text: string): boolean {
  return INTEGER.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

function encodingOfSet(value: string): 'int' | 'embstr' | 'raw' {
  if (isInt64(value)) return 'int';
  return value.length <= 44 ? 'embstr' : 'raw';
}

export class ModelledKeyspace {
  readonly memory: Memory;
  readonly keyspace: Keyspace;
  readonly random: () => number;
  model: ModelDatabase[] = [];
  readonly emptyBytes: number;
  readonly #keys: number;
  /** Number of events, against what was told about. */
  modified = 0;
  #fakeMs = 0;

  constructor(seed: number, options: { keys: number; firstArena?: number; isChecked?: boolean }) {
    this.random = seededRandom(seed);
    this.#keys = options.keys;
    const { firstArena = 0, isChecked = false } = options;
    this.memory = new Memory({ firstArena, isChecked });
    this.keyspace = newKeyspace({
      memory: this.memory,
      databases: DATABASES,
      hashSeed: Uint8Array.from({ length: 16 }, (_, i) => (seed >>> i) & 0xff),
      random: this.random,
      events: {
        wantsModified: true,
        onModified: () => {
          this.modified++;
        },
        onExpired: (database, key, start, end) => this.#onExpired(database, key, start, end),
      },
    });
    for (let i = 0; i < DATABASES; i++) this.model.push(new Map());
    this.emptyBytes = this.memory.usedBytes;
  }

  /** A monotonic clock on which each look takes a tenth of a ms. */
  readonly fakeClock = (): number => {
    this.#fakeMs += 0.1;
    return this.#fakeMs;
  };

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  #onExpired(database: number, key: Uint8Array, start: number, end: number): void {
    const name = latin1Text(key, start, end);
    const held = this.model[database].get(name);
    assert.ok(held, 'an unknown key expired');
    assert.ok(held.expiresAtMs !== -1 && held.expiresAtMs < this.keyspace.nowMs, 'too early');
    this.model[database].delete(name);
  }

  #name(): string {
    const n = this.below(this.#keys);
    // Some keys are long: one that needs two pages among them.
    if (n % 50 === 7) return `${n}:${'k'.repeat(n % 100 === 7 ? 700 : 5000)}`;
    return `key:${n}`;
  }

  #value(): string {
    const kind = this.below(8);
    if (kind === 0) return String(this.below(1000) - 500);
    if (kind === 1) return String(this.below(2 ** 53));
    const lengths = [0, 8, 44, 45, 400, 490, 520, 3000, 9000, 40_000];
    const length = lengths[this.below(kind === 2 ? lengths.length : 6)] + this.below(20);
    return String.fromCharCode(97 + this.below(26)).repeat(length);
  }

  /** The model's key, when it is alive. */
  #alive(db: number, name: string): ModelKey | undefined {
    const held = this.model[db].get(name);
    if (held && held.expiresAtMs !== -1 && held.expiresAtMs < this.keyspace.nowMs) return undefined;
    return held;
  }

  /** One random act on both. */
  step(): void {
    const index = this.below(DATABASES);
    const db = this.keyspace.databases[index];
    const name = this.#name();
    const key = latin1(`<${name}>`);
    const act = this.below(100);
    if (act < 30) this.#set(db, name, key);
    else if (act < 40) this.#delete(db, name, key);
    else if (act < 50) this.#append(db, name, key);
    else if (act < 57) this.#setRange(db, name, key);
    else if (act < 65) this.#increment(db, name, key);
    else if (act < 75) this.#expire(db, name, key);
    else if (act < 78) this.#persist(db, name, key);
    else if (act < 82) this.#rename(db, name, key);
    else if (act < 84) this.#copy(db, name, key);
    else if (act < 86) this.#move(db, name, key);
    else if (act < 90) this.checkKey(db, name);
    else if (act < 95) this.keyspace.nowMs += this.below(3000);
    else this.#background(index);
  }

  #expiry(): number {
    return this.below(3) === 0 ? this.keyspace.nowMs + this.below(20_000) : 0;
  }

  #set(db: Database, name: string, key: Uint8Array): void {
    const value = this.#value();
    const bytes = latin1(`[${value}]`);
    const isText = this.below(10) === 0;
    const expiresAtMs = this.below(4) === 0 ? KEEP_EXPIRY : this.#expiry();
    const old = this.#alive(db.index, name);
    const set = isText ? setText : setString;
    set(db, key, 1, key.length - 1, bytes, 1, bytes.length - 1, expiresAtMs);
    let encoding = encodingOfSet(value);
    if (isText && encoding === 'int') encoding = 'embstr';
    const kept = old?.expiresAtMs ?? -1;
    const at = expiresAtMs === KEEP_EXPIRY ? kept : expiresAtMs === 0 ? -1 : expiresAtMs;
    this.model[db.index].set(name, { value, encoding, expiresAtMs: at });
  }

  #delete(db: Database, name: string, key: Uint8Array): void {
    const expected = this.#alive(db.index, name) !== undefined;
    assert.equal(db.delete(key, 1, key.length - 1), expected);
    this.model[db.index].delete(name);
  }

  #append(db: Database, name: string, key: Uint8Array): void {
    const value = this.#value();
    const bytes = latin1(value);
    const entry = db.lookupWrite(key, 1, key.length - 1);
    const old = this.#alive(db.index, name);
    const length = appendString(db, entry, key, 1, key.length - 1, bytes, 0, bytes.length);
    const whole = (old?.value ?? '') + value;
    assert.equal(length, whole.length);
    const encoding = old ? 'raw' : encodingOfSet(value);
    const expiresAtMs = old?.expiresAtMs ?? -1;
    this.model[db.index].set(name, { value: whole, encoding, expiresAtMs });
  }

  #setRange(db: Database, name: string, key: Uint8Array): void {
    const bytes = latin1(`${this.#value()}!`);
    const offset = this.below(10) === 0 ? this.below(60_000) : this.below(100);
    const entry = db.lookupWrite(key, 1, key.length - 1);
    const old = this.#alive(db.index, name);
    setStringRange(db, entry, key, 1, key.length - 1, offset, bytes, 0, bytes.length);
    const before = (old?.value ?? '').padEnd(offset, '\0');
    const value = before.slice(0, offset) + latin1Text(bytes) + before.slice(offset + bytes.length);
    const expiresAtMs = old?.expiresAtMs ?? -1;
    this.model[db.index].set(name, { value, encoding: 'raw', expiresAtMs });
  }

  #increment(db: Database, name: string, key: Uint8Array): void {
    const entry = db.lookupWrite(key, 1, key.length - 1);
    const old = this.#alive(db.index, name);
    const result = new Int64Result();
    if (entry !== 0) readInteger(db, entry, result);
    if (entry !== 0 && result.kind !== INT64_SAFE) {
      assert.equal(result.kind === INT64_BIG, isInt64(old?.value ?? ''));
      return;
    }
    const n = Math.trunc((entry === 0 ? 0 : result.number) / 3) * 10 + 1;
    if (!Number.isSafeInteger(n)) return;
    setInteger(db, entry, key, 1, key.length - 1, n);
    const expiresAtMs = old?.expiresAtMs ?? -1;
    this.model[db.index].set(name, { value: String(n), encoding: 'int', expiresAtMs });
  }

  #expire(db: Database, name: string, key: Uint8Array): void {
    if (db.lookupWrite(key, 1, key.length - 1) === 0) {
      assert.equal(this.#alive(db.index, name), undefined);
      return;
    }
    const atMs = this.keyspace.nowMs + this.below(20_000) - 100;
    assert.equal(db.setExpiresAt(key, 1, key.length - 1, atMs), true);
    const held = this.model[db.index].get(name);
    assert.ok(held);
    held.expiresAtMs = atMs;
  }

  #persist(db: Database, name: string, key: Uint8Array): void {
    if (db.lookupWrite(key, 1, key.length - 1) === 0) return;
    const held = this.model[db.index].get(name);
    assert.ok(held);
    assert.equal(db.persist(key, 1, key.length - 1), held.expiresAtMs !== -1);
    held.expiresAtMs = -1;
  }

  #rename(db: Database, name: string, key: Uint8Array): void {
    const other = this.#name();
    const target = latin1(other);
    if (other === name || db.lookupWrite(key, 1, key.length - 1) === 0) return;
    db.rename(key, 1, key.length - 1, target, 0, target.length);
    const held = this.model[db.index].get(name);
    assert.ok(held);
    this.model[db.index].delete(name);
    this.model[db.index].set(other, held);
  }

  #copy(db: Database, name: string, key: Uint8Array): void {
    const other = this.#name();
    const to = this.keyspace.databases[this.below(DATABASES)];
    if (to === db && other === name) return;
    if (db.lookupWrite(key, 1, key.length - 1) === 0) return;
    const target = latin1(other);
    to.lookupWrite(target, 0, target.length);
    const source = { db, key, start: 1, end: key.length - 1 };
    copyKey(source, { db: to, key: target, start: 0, end: target.length });
    const held = this.model[db.index].get(name);
    assert.ok(held);
    this.model[to.index].set(other, { ...held });
  }

  #move(db: Database, name: string, key: Uint8Array): void {
    const to = this.keyspace.databases[this.below(DATABASES)];
    const end = key.length - 1;
    if (to === db || db.lookupWrite(key, 1, end) === 0 || to.lookupWrite(key, 1, end) !== 0) return;
    moveKey({ db, key, start: 1, end }, to);
    const held = this.model[db.index].get(name);
    assert.ok(held);
    this.model[db.index].delete(name);
    this.model[to.index].set(name, held);
  }

  #background(index: number): void {
    const { keyspace } = this;
    const act = this.below(20);
    if (act === 0) {
      assert.equal(keyspace.flush(index), this.model[index].size);
      this.model[index] = new Map();
    } else if (act < 3) {
      const other = this.below(DATABASES);
      keyspace.swap(index, other);
      [this.model[index], this.model[other]] = [this.model[other], this.model[index]];
    } else if (act < 8) {
      keyspace.expireSlice(this.random() * 3, this.fakeClock);
    } else if (act < 12) {
      keyspace.backgroundSlice(this.random() * 3, this.fakeClock);
    } else if (act < 17) {
      this.#relocateSome(keyspace.databases[index]);
    } else {
      this.#checkRandomKey(keyspace.databases[index]);
    }
  }

  #relocateSome(db: Database): void {
    const refs: number[] = [];
    db.scan(this.below(2 ** 32), (entry) => {
      refs.push(entry);
      if (db.entries.valueLength(entry) > 600) refs.push(this.memory.int32(entry, 12));
    });
    for (const ref of refs.slice(0, 5)) {
      // A value block belongs to an entry that may have moved just now; both are found by hash.
      this.relocate(ref);
    }
  }

  relocate: (ref: number) => void = () => {};

  #checkRandomKey(db: Database): void {
    const entry = db.randomKey();
    if (entry === 0) {
      assert.equal(this.model[db.index].size, 0);
      return;
    }
    assert.ok(this.#alive(db.index, latin1Text(db.keyBytes(entry))));
  }

  checkKey(db: Database, name: string): void {
    const held = this.#alive(db.index, name);
    const key = latin1(name);
    const entry = db.lookupRead(key, 0, key.length);
    assert.equal(entry !== 0, held !== undefined, name);
    if (!held) return;
    assert.equal(latin1Text(stringBytes(db, entry)), held.value);
    assert.equal(db.encodingOf(entry), held.encoding);
    assert.equal(db.expiresAt(entry), held.expiresAtMs);
  }

  /** Everything that the model holds, and nothing else. */
  checkAll(): void {
    for (const db of this.keyspace.databases) {
      const model = this.model[db.index];
      assert.equal(db.size, model.size);
      let expires = 0;
      for (const held of model.values()) if (held.expiresAtMs !== -1) expires++;
      assert.equal(db.expires, expires);
    }
    checkWalk(this.memory, this.model);
  }

  /** A copy of the model as it is now. */
  copyOfModel(): ModelDatabase[] {
    return this.model.map((db) => new Map([...db].map(([name, held]) => [name, { ...held }])));
  }

  /** Ends everything; nothing may be left but what an empty keyspace takes. */
  finish(): void {
    this.keyspace.flush('all');
    while (this.keyspace.backgroundSlice(10, this.fakeClock));
    assert.equal(this.keyspace.lazyFreePending, 0);
    assert.equal(this.memory.usedBytes, this.emptyBytes);
  }
}

/** What a reader sees is exactly the model. */
export function checkWalk(reader: BlockReader, model: readonly ModelDatabase[]): void {
  const walk = new KeyspaceWalk(reader, reader.root);
  const seen = model.map(() => new Set<string>());
  while (walk.nextDatabase()) {
    assert.equal(walk.databaseSize, model[walk.database].size);
    while (walk.nextEntry()) {
      const { entry } = walk;
      const name = latin1Text(entry.key, entry.keyStart, entry.keyEnd);
      let value = '';
      while (walk.nextPiece()) value += latin1Text(walk.piece, walk.pieceStart, walk.pieceEnd);
      const { encoding, expiresAtMs } = entry;
      assert.deepEqual({ value, encoding, expiresAtMs }, model[walk.database].get(name), name);
      assert.equal(value.length, entry.valueLength);
      seen[walk.database].add(name);
    }
  }
  model.forEach((db, index) => {
    assert.equal(seen[index].size, db.size);
  });
}
