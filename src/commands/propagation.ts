/*
 * What one unit of execution (a command, or a whole EXEC) sends down the stream, collected while it
 * runs and handed to the feed at its end: more than one effect is wrapped in MULTI/EXEC, so that no
 * replica ever sees half of it. The common case, one canonical request that travels as it came, is
 * not collected at all: consecutive ones become one range of the read buffer, handed over once.
 * Must not know commands or replies.
 */

import { LARGE_BULK_BYTES_MIN } from '../limits.js';
import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import type { Feed } from './services.js';

/** A command, or several consecutive canonical requests where they lie. */
type Effect = { readonly database: number } & (
  | { readonly parts: readonly Uint8Array[] }
  | { readonly buffer: Uint8Array; readonly start: number; end: number }
);

const MULTI = [latin1('MULTI')];
const EXEC = [latin1('EXEC')];

export class Propagation {
  readonly #feed: Feed;
  readonly #effects: Effect[] = [];
  /** Commands that the effects are. */
  #commands = 0;
  /** The run of verbatim requests not yet handed over. */
  #runBuffer: Uint8Array | null = null;
  #runDatabase = 0;
  #runStart = 0;
  #runEnd = 0;

  constructor(feed: Feed) {
    this.#feed = feed;
  }

  /** False while nobody listens: then nothing need be declared. */
  get isActive(): boolean {
    return this.#feed.isActive;
  }

  get hasEffects(): boolean {
    return this.#effects.length > 0;
  }

  /** Adds an effect to the running unit. The parts must not change any more. */
  add(database: number, parts: readonly Uint8Array[]): void {
    if (!this.#feed.isActive) return;
    this.#effects.push({ database, parts });
    this.#commands++;
  }

  /**
   * Adds the request itself, as one effect among others. Its bytes must stay in place until the
   * unit has ended. What EXEC runs lies side by side and is one range, however many they are.
   */
  addRequest(database: number, args: Arguments): void {
    if (!this.#feed.isActive) return;
    if (args.isCanonical) {
      this.#addVerbatim(database, args);
      return;
    }
    const parts: Uint8Array[] = [];
    for (let i = 0; i < args.count; i++) {
      // Long ones stay where they are until the unit has ended.
      parts.push(args.length(i) < LARGE_BULK_BYTES_MIN ? args.bytes(i) : args.range(i));
    }
    this.add(database, parts);
  }

  #addVerbatim(database: number, { buffer, requestStart, requestEnd }: Arguments): void {
    this.#commands++;
    const last = this.#effects.at(-1);
    if (
      last !== undefined &&
      'buffer' in last &&
      last.buffer === buffer &&
      last.end === requestStart &&
      last.database === database
    ) {
      last.end = requestEnd;
      return;
    }
    this.#effects.push({ database, buffer, start: requestStart, end: requestEnd });
  }

  /** The unit consists of this one request. Its bytes must stay in place until flush(). */
  sendRequest(database: number, args: Arguments): void {
    if (!this.#feed.isActive) return;
    if (!args.isCanonical) {
      this.addRequest(database, args);
      this.endUnit(true);
      return;
    }
    const { buffer, requestStart, requestEnd } = args;
    if (
      buffer === this.#runBuffer &&
      requestStart === this.#runEnd &&
      database === this.#runDatabase
    ) {
      this.#runEnd = requestEnd;
      return;
    }
    this.flush();
    this.#runBuffer = buffer;
    this.#runDatabase = database;
    this.#runStart = requestStart;
    this.#runEnd = requestEnd;
  }

  /** Ends the unit: its effects go into the stream together. */
  endUnit(isAtomic: boolean): void {
    const effects = this.#effects;
    if (effects.length === 0) return;
    this.flush();
    const isWrapped = isAtomic && this.#commands > 1;
    if (isWrapped) this.#feed.append(-1, MULTI);
    for (const effect of effects) this.#append(effect);
    if (isWrapped) this.#feed.append(-1, EXEC);
    effects.length = 0;
    this.#commands = 0;
  }

  #append(effect: Effect): void {
    if ('parts' in effect) this.#feed.append(effect.database, effect.parts);
    else this.#feed.appendVerbatim(effect.database, effect.buffer, effect.start, effect.end);
  }

  /** Hands the run of verbatim requests over. Before the read buffer is used again, and before
   * anything looks at the stream's offset. */
  flush(): void {
    const buffer = this.#runBuffer;
    if (buffer === null) return;
    this.#runBuffer = null;
    this.#feed.appendVerbatim(this.#runDatabase, buffer, this.#runStart, this.#runEnd);
  }
}
