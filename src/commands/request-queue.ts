/*
 * The requests that wait for EXEC, packed: their bytes one behind the other in a few chunks, and
 * beside them the ranges of their arguments as plain numbers. An object for each request would cost
 * many times its bytes, and in JavaScript's own heap, whose limit ends the server: so the queue
 * holds little more than what was sent, and says exactly how much. Must not know what becomes of
 * the requests.
 *
 *   numbers of a request:  bytes | arguments * 2 + canonical | start, end of each, from its start
 */

import type { Arguments } from '../resp/arguments.js';
import type { Command } from './command-table.js';

/** A chunk has room for so many bytes and numbers at first; each further one for twice as many. */
const FIRST_CHUNK_BYTES = 256;
const FIRST_CHUNK_NUMBERS = 64;
/** Doublings after which chunks have one size: half a MiB of bytes, and of numbers. */
const DOUBLINGS_MAX = 11;
const NUMBERS_BESIDE_RANGES = 2;
/** What a chunk and its two arrays cost beside what they hold, in bytes; so does the queue. */
const OBJECT_BYTES = 256;
/** The place of a command in the list of commands. */
const COMMAND_BYTES = 8;

interface Chunk {
  readonly bytes: Uint8Array;
  bytesUsed: number;
  readonly numbers: Int32Array;
  numbersUsed: number;
}

export class RequestQueue {
  /** Requests in it. */
  length = 0;
  readonly #commands: Command[] = [];
  readonly #chunks: Chunk[] = [];
  #chunkBytes = OBJECT_BYTES;

  /** Memory held. */
  get bytes(): number {
    return this.#chunkBytes + this.length * COMMAND_BYTES;
  }

  /** Adds a copy of the request. */
  push(command: Command, args: Arguments): void {
    const { requestStart, requestEnd, count } = args;
    const length = requestEnd - requestStart;
    const chunk = this.#chunkWithRoom(length, NUMBERS_BESIDE_RANGES + 2 * count);
    const { numbers } = chunk;
    chunk.bytes.set(args.buffer.subarray(requestStart, requestEnd), chunk.bytesUsed);
    chunk.bytesUsed += length;
    let at = chunk.numbersUsed;
    numbers[at++] = length;
    numbers[at++] = count * 2 + (args.isCanonical ? 1 : 0);
    for (let i = 0; i < count; i++) {
      numbers[at++] = args.start[i] - requestStart;
      numbers[at++] = args.end[i] - requestStart;
    }
    chunk.numbersUsed = at;
    this.#commands.push(command);
    this.length++;
  }

  /**
   * Runs the requests in their order, each shown in `args`. Their bytes stay where they are for as
   * long as anybody refers to them, consecutive requests mostly side by side.
   */
  replay(args: Arguments, run: (command: Command) => void): void {
    let index = 0;
    for (const chunk of this.#chunks) {
      let position = 0;
      for (let at = 0; at < chunk.numbersUsed; ) {
        at = show(args, chunk, position, at);
        position = args.requestEnd;
        const command = this.#commands[index++];
        if (command !== undefined) run(command);
      }
    }
  }

  #chunkWithRoom(bytes: number, numbers: number): Chunk {
    const last = this.#chunks.at(-1);
    if (
      last !== undefined &&
      last.bytesUsed + bytes <= last.bytes.length &&
      last.numbersUsed + numbers <= last.numbers.length
    ) {
      return last;
    }
    const factor = 2 ** Math.min(this.#chunks.length, DOUBLINGS_MAX);
    const chunk: Chunk = {
      bytes: new Uint8Array(Math.max(bytes, FIRST_CHUNK_BYTES * factor)),
      bytesUsed: 0,
      numbers: new Int32Array(Math.max(numbers, FIRST_CHUNK_NUMBERS * factor)),
      numbersUsed: 0,
    };
    this.#chunks.push(chunk);
    this.#chunkBytes += chunk.bytes.length + chunk.numbers.length * 4 + OBJECT_BYTES;
    return chunk;
  }
}

/** Shows the request whose numbers begin at `at`; returns where the next one's do. */
function show(args: Arguments, chunk: Chunk, position: number, at: number): number {
  const { numbers } = chunk;
  const word = numbers[at + 1];
  const count = word >>> 1;
  args.buffer = chunk.bytes;
  args.requestStart = position;
  args.requestEnd = position + numbers[at];
  args.isCanonical = (word & 1) === 1;
  args.reserve(count);
  args.count = count;
  let next = at + NUMBERS_BESIDE_RANGES;
  for (let i = 0; i < count; i++) {
    args.start[i] = position + numbers[next++];
    args.end[i] = position + numbers[next++];
  }
  return next;
}
