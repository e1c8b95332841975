/*
 * The longest common subsequence of two byte strings by dynamic programming, and the ranges of both
 * that make it up. Pure. Of several subsequences of the same length it finds the one that Redis
 * finds: walking back from both ends, a tie drops a byte of the second string.
 */

/** A stretch common to both, ends inclusive. */
export interface CommonRange {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
}

export class LcsTable {
  readonly #a: Uint8Array;
  readonly #b: Uint8Array;
  /** Length of the LCS of the first i bytes of a and j bytes of b at i * width + j. */
  readonly #lengths: Uint16Array | Uint32Array;
  readonly #width: number;

  /** Needs `(a.length + 1) * (b.length + 1)` cells; the caller bounds them. */
  constructor(a: Uint8Array, b: Uint8Array) {
    this.#a = a;
    this.#b = b;
    this.#width = b.length + 1;
    const cells = (a.length + 1) * this.#width;
    const fits16 = Math.min(a.length, b.length) < 2 ** 16;
    this.#lengths = fits16 ? new Uint16Array(cells) : new Uint32Array(cells);
    this.#fill();
  }

  get length(): number {
    return this.#lengths[this.#lengths.length - 1];
  }

  #fill(): void {
    const a = this.#a;
    const b = this.#b;
    const lengths = this.#lengths;
    const width = this.#width;
    for (let i = 1; i <= a.length; i++) {
      const byte = a[i - 1];
      let cell = i * width + 1;
      for (let j = 0; j < b.length; j++, cell++) {
        const above = lengths[cell - width];
        const left = lengths[cell - 1];
        if (byte === b[j]) lengths[cell] = lengths[cell - width - 1] + 1;
        else lengths[cell] = Math.max(above, left);
      }
    }
  }

  /** The subsequence itself. */
  subsequence(): Uint8Array {
    const result = new Uint8Array(this.length);
    let at = result.length;
    this.#walkBack((i) => {
      result[--at] = this.#a[i];
    });
    return result;
  }

  /** Contiguous matches, last first, each of at least `bytesMin` bytes. */
  ranges(bytesMin: number): CommonRange[] {
    const ranges: CommonRange[] = [];
    let aEnd = -1;
    let bEnd = -1;
    let aStart = -1;
    let bStart = -1;
    const close = (): void => {
      if (aEnd >= 0 && aEnd - aStart + 1 >= bytesMin) ranges.push({ aStart, aEnd, bStart, bEnd });
      aEnd = -1;
    };
    this.#walkBack((i, j) => {
      if (aEnd < 0 || i !== aStart - 1 || j !== bStart - 1) {
        close();
        aEnd = i;
        bEnd = j;
      }
      aStart = i;
      bStart = j;
    });
    close();
    return ranges;
  }

  /** Visits the matching pairs of positions from the ends to the starts. */
  #walkBack(onMatch: (i: number, j: number) => void): void {
    const width = this.#width;
    let i = this.#a.length;
    let j = this.#b.length;
    while (i > 0 && j > 0) {
      if (this.#a[i - 1] === this.#b[j - 1]) {
        i--;
        j--;
        onMatch(i, j);
      } else if (this.#lengths[(i - 1) * width + j] > this.#lengths[i * width + j - 1]) {
        i--;
      } else {
        j--;
      }
    }
  }
}
