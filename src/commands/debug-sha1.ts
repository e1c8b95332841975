/*
 * SHA-1, fed in pieces, for DEBUG DIGEST: seven short hashes for each key, where a call into
 * node:crypto would cost more than the hash. Not for security. Must not know what it hashes.
 */

const BLOCK_BYTES = 64;
export const SHA1_BYTES = 20;

export class Sha1 {
  readonly #state = new Int32Array(5);
  readonly #schedule = new Int32Array(80);
  readonly #block = new Uint8Array(BLOCK_BYTES);
  /** Bytes fed so far; `#filled` of them wait in the block. */
  #length = 0;
  #filled = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    const state = this.#state;
    state[0] = 0x67452301;
    state[1] = 0xefcdab89;
    state[2] = 0x98badcfe;
    state[3] = 0x10325476;
    state[4] = 0xc3d2e1f0;
    this.#length = 0;
    this.#filled = 0;
  }

  update(bytes: Uint8Array, start: number, end: number): void {
    this.#length += end - start;
    for (let i = start; i < end; i++) {
      this.#block[this.#filled++] = bytes[i];
      if (this.#filled === BLOCK_BYTES) this.#compress();
    }
  }

  /** Ends the hash: XORs its 20 bytes into `target` at 0, and begins anew. */
  xorInto(target: Uint8Array): void {
    const bits = this.#length * 8;
    this.#block[this.#filled++] = 0x80;
    if (this.#filled > BLOCK_BYTES - 8) {
      this.#block.fill(0, this.#filled);
      this.#compress();
    }
    this.#block.fill(0, this.#filled);
    writeWord(this.#block, BLOCK_BYTES - 8, Math.floor(bits / 2 ** 32));
    writeWord(this.#block, BLOCK_BYTES - 4, bits | 0);
    this.#compress();
    for (let i = 0; i < SHA1_BYTES; i++) {
      target[i] ^= this.#state[i >> 2] >>> (24 - 8 * (i & 3));
    }
    this.reset();
  }

  /** Takes the full block into the state (FIPS 180-4, 6.1.2). */
  #compress(): void {
    const w = this.#schedule;
    const block = this.#block;
    for (let t = 0; t < 16; t++) {
      const i = t * 4;
      w[t] = (block[i] << 24) | (block[i + 1] << 16) | (block[i + 2] << 8) | block[i + 3];
    }
    for (let t = 16; t < 80; t++) {
      const mixed = w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16];
      w[t] = (mixed << 1) | (mixed >>> 31);
    }
    const state = this.#state;
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    for (let t = 0; t < 80; t++) {
      const next = (((a << 5) | (a >>> 27)) + round(t, b, c, d) + e + w[t]) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    this.#filled = 0;
  }
}

/** The round's function of b, c and d, plus its constant. */
function round(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function writeWord(target: Uint8Array, at: number, word: number): void {
  target[at] = word >>> 24;
  target[at + 1] = word >>> 16;
  target[at + 2] = word >>> 8;
  target[at + 3] = word;
}
