/*
 * The options that SET and GETEX share, read into one scratch object before any state is touched.
 * Which options exclude each other is decided here and only here. Must not know databases.
 */

import type { Arguments } from '../resp/arguments.js';
import { latin1 } from '../structures/bytes.js';
import type { Context } from './command.js';
import { invalidExpire, NOT_AN_INTEGER, SYNTAX_ERROR } from './errors.js';
import { readTime, TIME_NOT_AN_INTEGER, TIME_POSITIVE } from './expire-time.js';

/** How the expiry was given. */
export type ExpiryForm = 'none' | 'ex' | 'px' | 'exat' | 'pxat';

/** Fixed fields, filled anew by each parse; use them before the next. */
export class StringOptions {
  isNx = false;
  isXx = false;
  isGet = false;
  keepsTtl = false;
  persists = false;
  form: ExpiryForm = 'none';
  /** Index of the argument that holds the time; meaningful unless form is `none`. */
  timeIndex = 0;

  get isRelative(): boolean {
    return this.form === 'ex' || this.form === 'px';
  }

  get isSeconds(): boolean {
    return this.form === 'ex' || this.form === 'exat';
  }
}

export const NX: Uint8Array = latin1('nx');
export const XX: Uint8Array = latin1('xx');
export const GET: Uint8Array = latin1('get');
const KEEPTTL = latin1('keepttl');
const PERSIST = latin1('persist');
const EX = latin1('ex');
const PX = latin1('px');
const EXAT = latin1('exat');
const PXAT = latin1('pxat');

/** Reads the arguments from index `from` on. `null`, or the error to answer. */
export function parseStringOptions(
  args: Arguments,
  options: StringOptions,
  command: 'set' | 'getex',
): string | null {
  const from = command === 'set' ? 3 : 2;
  options.isNx = options.isXx = options.isGet = options.keepsTtl = options.persists = false;
  options.form = 'none';
  for (let i = from; i < args.count; i++) {
    const form = expiryForm(args, i);
    if (form !== 'none') {
      const isRepeated = options.form === form;
      const isFree = options.form === 'none' && !options.keepsTtl && !options.persists;
      if ((!isFree && !isRepeated) || i + 1 === args.count) return SYNTAX_ERROR;
      options.form = form;
      options.timeIndex = ++i;
    } else if (!(command === 'set' ? readSetFlag : readGetexFlag)(args, i, options)) {
      return SYNTAX_ERROR;
    }
  }
  return null;
}

function readSetFlag(args: Arguments, i: number, options: StringOptions): boolean {
  if (args.is(i, NX) && !options.isXx) options.isNx = true;
  else if (args.is(i, XX) && !options.isNx) options.isXx = true;
  else if (args.is(i, GET)) options.isGet = true;
  else if (args.is(i, KEEPTTL) && options.form === 'none') options.keepsTtl = true;
  else return false;
  return true;
}

function readGetexFlag(args: Arguments, i: number, options: StringOptions): boolean {
  if (!args.is(i, PERSIST) || options.form !== 'none') return false;
  options.persists = true;
  return true;
}

function expiryForm(args: Arguments, i: number): ExpiryForm {
  if (args.is(i, EX)) return 'ex';
  if (args.is(i, PX)) return 'px';
  if (args.is(i, EXAT)) return 'exat';
  return args.is(i, PXAT) ? 'pxat' : 'none';
}

/** True for the word GET, which does not travel. */
export function isGetOption(args: Arguments, i: number): boolean {
  return args.is(i, GET);
}

/**
 * Reads the time of the expiry that was given, which must be positive as written. `null` and then
 * `expireAtMs()`, or the error to answer.
 */
export function readExpiry(
  ctx: Context,
  args: Arguments,
  options: { index: number; isSeconds: boolean; isRelative: boolean; command: string },
): string | null {
  const { index, isSeconds, isRelative, command } = options;
  const status = readTime(args, index, isSeconds, isRelative ? ctx.nowMs : 0);
  if (status === TIME_POSITIVE) return null;
  return status === TIME_NOT_AN_INTEGER ? NOT_AN_INTEGER : invalidExpire(command);
}
