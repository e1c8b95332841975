/*
 * Arguments made by hand, for tests of handlers and parsers without a decoder.
 */

import { Arguments } from '../../../src/resp/arguments.js';
import { latin1 } from '../../../src/structures/bytes.js';

/** Words as latin1; the bytes before and after them are junk that nobody may read. */
export function request(...words: string[]): Arguments {
  const args = new Arguments();
  const parts = words.map((word) => `${word}\xaa`);
  args.buffer = latin1(`\xaa\xaa\xaa${parts.join('')}`);
  args.reserve(words.length);
  args.count = words.length;
  let at = 3;
  for (const [i, word] of words.entries()) {
    args.start[i] = at;
    args.end[i] = at + word.length;
    at += word.length + 1;
  }
  args.requestStart = 3;
  args.requestEnd = at;
  return args;
}
