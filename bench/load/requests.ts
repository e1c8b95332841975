/*
 * The bytes of a pipeline of equal requests, whose keys change in place from one sending to the
 * next: `key:` and twelve digits, as redis-benchmark and fill.ts name them. Keys are drawn
 * uniformly, or with the skew of Zipf's law (exponent 0.99, scattered over all keys).
 */

import assert from 'node:assert/strict';
import { seededRandom } from '../../test/helpers/random.js';

const DIGITS = 12;
const PAIRS = 10;
const SKEW = 0.99;
/** Draws of the skewed distribution that are made beforehand, and then repeated. */
const SKEWED_DRAWS = 1 << 20;
/** Odd, so that no two ranks fall together before the remainder is taken. */
const SCATTER = 0x9e3779b1;

export const requestNames = ['ping', 'set', 'get', 'mset'] as const;
export type RequestName = (typeof requestNames)[number];

export interface RequestOptions {
  readonly name: RequestName;
  readonly pipeline: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly isSkewed: boolean;
  readonly seed: number;
}

export class Pipeline {
  readonly bytes: Buffer;
  readonly #digits: number[] = [];
  readonly #draw: () => number;

  constructor(options: RequestOptions) {
    const words = wordsOf(options);
    const parts = words.map((word) => `$${word.length}\r\n${word}\r\n`);
    const request = `*${words.length}\r\n${parts.join('')}`;
    this.bytes = Buffer.from(request.repeat(options.pipeline), 'latin1');
    for (let at = this.bytes.indexOf('key:'); at >= 0; at = this.bytes.indexOf('key:', at + 1)) {
      this.#digits.push(at + 4);
    }
    const random = seededRandom(options.seed);
    this.#draw = options.isSkewed
      ? skewedDraws(options.keys, random)
      : () => Math.floor(random() * options.keys);
  }

  /** Names other keys. */
  change(): void {
    const { bytes } = this;
    for (const at of this.#digits) {
      let number = this.#draw();
      for (let i = DIGITS - 1; i >= 0; i--) {
        bytes[at + i] = 48 + (number % 10);
        number = Math.floor(number / 10);
      }
    }
  }
}

function wordsOf({ name, valueBytes }: RequestOptions): string[] {
  const key = `key:${'0'.repeat(DIGITS)}`;
  const value = 'x'.repeat(valueBytes);
  switch (name) {
    case 'ping':
      return ['PING'];
    case 'set':
      return ['SET', key, value];
    case 'get':
      return ['GET', key];
    case 'mset':
      return ['MSET', ...Array.from({ length: PAIRS }, () => [key, value]).flat()];
  }
}

/** The draws of the thread's connections: each begins elsewhere. */
let drawn: { readonly keys: number; readonly draws: Uint32Array } | null = null;

function skewedDraws(keys: number, random: () => number): () => number {
  if (drawn?.keys !== keys) drawn = { keys, draws: zipfDraws(keys, random) };
  const { draws } = drawn;
  let next = Math.floor(random() * SKEWED_DRAWS);
  return () => draws[next++ & (SKEWED_DRAWS - 1)];
}

/** Zipf by the approximation of Gray et al., "Quickly generating billion-record databases". */
function zipfDraws(keys: number, random: () => number): Uint32Array {
  assert(keys > 2, 'too few keys for a skew');
  const zeta = (n: number): number => {
    // Exact for the head, an integral for the tail.
    const head = Math.min(n, 10_000);
    let sum = 0;
    for (let i = 1; i <= head; i++) sum += 1 / i ** SKEW;
    return sum + (n ** (1 - SKEW) - head ** (1 - SKEW)) / (1 - SKEW);
  };
  const all = zeta(keys);
  const two = 1 + 0.5 ** SKEW;
  const eta = (1 - (2 / keys) ** (1 - SKEW)) / (1 - two / all);
  const draws = new Uint32Array(SKEWED_DRAWS);
  for (let i = 0; i < SKEWED_DRAWS; i++) {
    const u = random();
    const uz = u * all;
    let rank = Math.floor(keys * (eta * u - eta + 1) ** (1 / (1 - SKEW)));
    if (uz < 1) rank = 0;
    else if (uz < two) rank = 1;
    // Neighbours in rank need not be neighbours in the dict's order of arrival.
    draws[i] = (Math.imul(rank, SCATTER) >>> 0) % keys;
  }
  return draws;
}
