/*
 * Which arguments of a request are keys and what happens to them, found by the key specifications
 * of its row: what COMMAND GETKEYS and GETKEYSANDFLAGS answer. Pure: a row and arguments in,
 * positions out.
 */

import type { Arguments } from '../resp/arguments.js';
import type { KeySpec } from './command.js';
import { integerArgument } from './server-arguments.js';

export interface FoundKey {
  /** Index of the argument. */
  readonly index: number;
  readonly flags: readonly string[];
}

/**
 * The keys of the request in `args[from, count)`, whose name stands at `from`. `null` when the
 * arguments do not fit a specification.
 */
export function findKeys(
  specs: readonly KeySpec[],
  args: Arguments,
  from: number,
): FoundKey[] | null {
  const found: FoundKey[] = [];
  for (const spec of specs) {
    const begin = beginOf(spec, args, from);
    if (begin === null) continue;
    const range = rangeOf(spec, { args, from, begin });
    if (range === null) return null;
    const flags = spec.flagsOf?.(args, from) ?? spec.flags;
    for (let i = range.first; i <= range.last; i += range.step) found.push({ index: i, flags });
  }
  return found;
}

/** Index of the argument where the search begins, `null` when its keyword is not there. */
function beginOf({ begin }: KeySpec, args: Arguments, from: number): number | null {
  if ('index' in begin) return from + begin.index;
  const { keyword, startFrom } = begin;
  const isForward = startFrom >= 0;
  const step = isForward ? 1 : -1;
  for (
    let i = isForward ? from + startFrom : args.count + startFrom;
    i > from && i < args.count;
    i += step
  ) {
    if (args.text(i).toUpperCase() === keyword) return i + 1;
  }
  return null;
}

function rangeOf(
  { find }: KeySpec,
  place: { args: Arguments; from: number; begin: number },
): { first: number; last: number; step: number } | null {
  const { args, begin } = place;
  const { count } = args;
  let first = begin;
  let last: number;
  if ('lastKey' in find) {
    last = lastOfRange(find, begin, count);
  } else {
    const numberIndex = begin + find.keyNumberIndex;
    const keys = numberIndex < count ? integerArgument(args, numberIndex) : null;
    if (keys === null || keys < 0) return null;
    first = begin + find.firstKey;
    last = first + (keys - 1) * find.step;
  }
  return first < count && last < count ? { first, last, step: find.step } : null;
}

/** A negative `lastKey` counts from the end; with a `limit` of n > 1 only 1/n of the rest are keys.
 */
function lastOfRange(
  find: { lastKey: number; step: number; limit: number },
  begin: number,
  count: number,
): number {
  if (find.lastKey >= 0) return begin + find.lastKey;
  if (find.limit <= 1) return count + find.lastKey;
  return begin + Math.floor((count - begin) / find.limit) + find.lastKey;
}
