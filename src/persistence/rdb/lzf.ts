/*
 * LZF, the compression of strings in RDB files. A stream is a sequence of
 *
 *   000LLLLL  <L+1 bytes>                    that many bytes as they are
 *   LLLooooo  oooooooo                       L+2 bytes (L = 1..6) again from o+1 bytes back
 *   111ooooo  LLLLLLLL  oooooooo             L+9 bytes again from o+1 bytes back
 *
 * Compression is greedy with a table of the last place of each hashed three bytes. Decompression
 * takes hostile input: it never reads or writes outside the ranges it was given. Pure.
 */

const HASH_BITS = 14;
const OFFSET_MAX = 1 << 13;
const MATCH_BYTES_MAX = 264;
const LITERALS_MAX = 32;

/** No output byte count may exceed the input's by more than this factor (3 bytes give 264). */
export const LZF_EXPANSION_MAX = 88;

export class LzfCompressor {
  /**
   * Place of the last three bytes with a hash, plus `epoch`. Raising the epoch by each source's
   * length forgets all earlier places at once: no table is cleared for each string.
   */
  private readonly places = new Int32Array(1 << HASH_BITS);
  private epoch = 1;

  /**
   * Compresses `source[start, end)` to `target` from `at` on, never past `limit`. Returns the
   * position after the last byte written, or 0 when the result does not fit.
   */
  compress(
    source: Uint8Array,
    start: number,
    end: number,
    target: Uint8Array,
    at: number,
    limit: number,
  ): number {
    const places = this.places;
    const shift = this.beginEpoch(start, end);
    let literalsAt = start;
    let from = start;
    let out = at;
    const lastTriple = end - 3;
    while (from <= lastTriple) {
      const hash = hashTriple(source, from);
      const earlier = places[hash] - shift;
      places[hash] = from + shift;
      if (
        earlier < start ||
        from - earlier > OFFSET_MAX ||
        source[earlier] !== source[from] ||
        source[earlier + 1] !== source[from + 1] ||
        source[earlier + 2] !== source[from + 2]
      ) {
        from += 1;
        continue;
      }
      out = writeLiterals(source, literalsAt, from, target, out, limit);
      if (out === 0 || out + 3 > limit) return 0;
      const length = matchLength(source, earlier, from, end);
      out = writeMatch(from - earlier - 1, length - 2, target, out);
      // Only the last two places inside a match are remembered: nearly all the gain for little.
      const next = from + length;
      for (let inside = Math.max(from + 1, next - 2); inside < next; inside += 1) {
        if (inside <= lastTriple) places[hashTriple(source, inside)] = inside + shift;
      }
      from = next;
      literalsAt = next;
    }
    return writeLiterals(source, literalsAt, end, target, out, limit);
  }

  /** What to add to a position of this source so that every earlier source's places lie below. */
  private beginEpoch(start: number, end: number): number {
    const length = end - start;
    if (this.epoch > 0x7fffffff - length) {
      this.places.fill(0);
      this.epoch = 1;
    }
    const shift = this.epoch - start;
    this.epoch += length;
    return shift;
  }
}

function hashTriple(source: Uint8Array, at: number): number {
  const triple = (source[at] << 16) | (source[at + 1] << 8) | source[at + 2];
  return Math.imul(triple, 0x9e3779b1) >>> (32 - HASH_BITS);
}

function matchLength(source: Uint8Array, earlier: number, from: number, end: number): number {
  const most = Math.min(MATCH_BYTES_MAX, end - from);
  let length = 3;
  while (length < most && source[earlier + length] === source[from + length]) length += 1;
  return length;
}

function writeMatch(back: number, length: number, target: Uint8Array, at: number): number {
  if (length < 7) {
    target[at] = (length << 5) | (back >> 8);
    target[at + 1] = back;
    return at + 2;
  }
  target[at] = (7 << 5) | (back >> 8);
  target[at + 1] = length - 7;
  target[at + 2] = back;
  return at + 3;
}

/** Returns the position after the runs, 0 when they do not fit. */
function writeLiterals(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  limit: number,
): number {
  const count = end - start;
  if (at + count + Math.ceil(count / LITERALS_MAX) > limit) return 0;
  let from = start;
  while (from < end) {
    const run = Math.min(LITERALS_MAX, end - from);
    target[at] = run - 1;
    at += 1;
    for (let index = 0; index < run; index += 1) target[at + index] = source[from + index];
    at += run;
    from += run;
  }
  return at;
}

/**
 * Decompresses `source[start, end)` into exactly `target[at, targetEnd)`. Returns -1 when it did,
 * or the position in `source` of what is not valid: a reference before the start, a run cut off,
 * output that is too long or (the position is `end` then) too short.
 */
export function decompressLzf(
  source: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  at: number,
  targetEnd: number,
): number {
  let from = start;
  let out = at;
  while (from < end) {
    const opAt = from;
    const control = source[from];
    from += 1;
    if (control < LITERALS_MAX) {
      const run = control + 1;
      if (run > end - from || run > targetEnd - out) return opAt;
      for (let index = 0; index < run; index += 1) target[out + index] = source[from + index];
      from += run;
      out += run;
      continue;
    }
    let length = control >> 5;
    if (from + (length === 7 ? 2 : 1) > end) return opAt;
    if (length === 7) {
      length += source[from];
      from += 1;
    }
    length += 2;
    const back = out - (((control & 0x1f) << 8) | source[from]) - 1;
    from += 1;
    if (back < at || length > targetEnd - out) return opAt;
    // Byte by byte on purpose: source and target of the copy may overlap, and must then repeat.
    for (let index = 0; index < length; index += 1) target[out + index] = target[back + index];
    out += length;
  }
  return out === targetEnd ? -1 : end;
}
