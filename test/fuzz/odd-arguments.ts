/*
 * Makes requests odd: one argument too many or too few, another case, empty, binary or very large
 * ones, numbers from where numbers end. Never a time that is near, or beyond 2^53 ms: that would
 * compare clocks, or what docs/DIFFERENCES.md names.
 */

import type { Random } from '../helpers/random.js';
import type { Request } from './program.js';
import { BAD_NUMBERS, NUMBERS, ODD_TIMES } from './random-commands.js';

/** What would end the run, or leave it without order: a cursor is a place in a hash table. */
const LEFT_AS_THEY_ARE =
  /^(MULTI|EXEC|DISCARD|RESET|QUIT|CLIENT|CONFIG|SHUTDOWN|WAIT|WAITAOF|COMMAND|SLOWLOG|SCAN)$/i;

const HAS_TIMES = /^(SET|SETEX|PSETEX|GETEX|P?EXPIRE(AT)?|RESTORE|COMMAND)$/i;

const WORDS = ['', '\x00', 'x'.repeat(300), '*', 'NX', 'GET', '-', '+', ' ', '\r\n', '\xc3\xa9'];

/** Redis 7.0 judges the password before it has read what follows it, Redis 7.2 after. */
const isHelloWithPassword = (args: readonly string[]): boolean =>
  /^HELLO$/i.test(args[0] ?? '') && args.some((word) => /^AUTH$/i.test(word));

export function makeOdd(asked: Request, random: Random): Request {
  const { args, comparison } = asked;
  if (LEFT_AS_THEY_ARE.test(args[0]) || args.some((word) => /^fail$/i.test(word))) return asked;
  if (isHelloWithPassword(args)) return asked;
  const numbers = HAS_TIMES.test(args[0]) ? ODD_TIMES : [...NUMBERS, ...BAD_NUMBERS];
  const at = random.integer(1, Math.max(1, args.length - 1));
  const other = random.chance(0.6) ? random.pick(numbers) : random.pick(WORDS);
  switch (random.integer(0, 5)) {
    case 0:
      return { args: args.toSpliced(at, 1), comparison };
    case 1:
      return { args: args.toSpliced(at, 0, other), comparison };
    case 2:
      return { args: args.toSpliced(at, 1, other), comparison };
    case 3:
      return { args: [...args, other], comparison };
    case 4:
      return { args: args.slice(0, random.integer(1, args.length)), comparison };
    default:
      return { args: args.map((arg) => otherCase(arg, random)), comparison };
  }
}

function otherCase(text: string, random: Random): string {
  return [...text]
    .map((char) => (random.chance(0.5) ? char.toLowerCase() : char.toUpperCase()))
    .join('');
}
