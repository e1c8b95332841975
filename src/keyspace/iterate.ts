/* SKELETON: the API is final; bodies follow. */
import type { BlockReader, Ref } from '../memory/memory.js';

/** What a walk knows of the entry it stands on. One object serves the whole walk. */
export declare class EntryView {
  database: number;
  /** The 32-bit hash; meaningless outside this process. */
  hash: number;
  type: 'string';
  encoding: 'int' | 'embstr' | 'raw';
  /** Ms since 1970, -1 none. */
  expiresAtMs: number;
  /** The 24 access bits. */
  accessBits: number;
  /** The key is `key[keyStart, keyEnd)`; valid until the next step of the walk. */
  key: Uint8Array;
  keyStart: number;
  keyEnd: number;
  valueLength: number;
}

/**
 * Walks all databases and entries below a root, live or frozen, with the same code: the RDB writer
 * and DEBUG DIGEST use it. Pull style, so that a worker can pause anywhere.
 *
 *   const walk = new KeyspaceWalk(reader, root);
 *   while (walk.nextDatabase()) {           // databases with keys only
 *     walk.database; walk.databaseSize; walk.databaseExpires;
 *     while (walk.nextEntry()) {
 *       walk.entry …
 *       // the value, in pieces of at most the reader's window; call until it returns false
 *       while (walk.nextPiece()) use(walk.piece, walk.pieceStart, walk.pieceEnd);
 *     }
 *   }
 */
export declare class KeyspaceWalk {
  constructor(reader: BlockReader, root: Ref);
  readonly entry: EntryView;
  database: number;
  databaseSize: number;
  databaseExpires: number;
  /** A piece of the value: `piece[pieceStart, pieceEnd)`, valid until the next call. Values up to 64 KiB
   * come in one piece; an empty value in none. */
  piece: Uint8Array;
  pieceStart: number;
  pieceEnd: number;
  nextDatabase(): boolean;
  nextEntry(): boolean;
  nextPiece(): boolean;
}
