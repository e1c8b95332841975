/*
 * When two replies count as equal, by the named strengths of an oracle line. `same` compares what
 * was on the wire; the others say precisely what they let pass.
 */

import { type Reply, render } from '../helpers/resp-reply.js';

export type Equality =
  /** The same bytes. */
  | 'same'
  /** The same elements of an array, set or map, in any order. */
  | 'sameSorted'
  /** The same shape; numbers (also in texts) may differ by the line's tolerance. */
  | 'approx'
  /** Two errors with the same prefix word. */
  | 'error';

/** Null when equal enough, else a short reason. */
export function findDifference(
  expected: Reply,
  actual: Reply,
  options: { equal: Equality; tolerance: number },
): string | null {
  switch (options.equal) {
    case 'same':
      return render(expected) === render(actual) ? null : 'differs';
    case 'sameSorted':
      return sortedRender(expected) === sortedRender(actual) ? null : 'differs, order ignored';
    case 'approx':
      return isApproximate(expected, actual, options.tolerance)
        ? null
        : `differs by more than ${options.tolerance}`;
    case 'error':
      if (actual.type !== 'error' || expected.type !== 'error') return 'is not an error on both';
      return actual.text.split(' ')[0] === expected.text.split(' ')[0] ? null : 'other error code';
  }
}

function sortedRender(reply: Reply): string {
  if (!('items' in reply) || reply.type === 'attribute') return render(reply);
  const size = reply.type === 'map' ? 2 : 1;
  const entries: string[] = [];
  for (let i = 0; i < reply.items.length; i += size) {
    entries.push(
      reply.items
        .slice(i, i + size)
        .map(sortedRender)
        .join(' => '),
    );
  }
  return `(${reply.type}) ${entries.sort().join(', ')}`;
}

function isApproximate(expected: Reply, actual: Reply, tolerance: number): boolean {
  if (expected.type !== actual.type) return false;
  if ('items' in expected && 'items' in actual) {
    return (
      expected.items.length === actual.items.length &&
      expected.items.every((item, i) => isApproximate(item, actual.items[i], tolerance))
    );
  }
  const left = render(expected);
  const right = render(actual);
  return isApproximateText(left, right, tolerance);
}

/**
 * Texts alike but for their numbers, which differ by at most `tolerance`. Negative ones exactly.
 */
export function isApproximateText(left: string, right: string, tolerance: number): boolean {
  const number = /-?\d+(?:\.\d+)?/g;
  if (left.replace(number, '#') !== right.replace(number, '#')) return false;
  const rights = right.match(number) ?? [];
  return (left.match(number) ?? []).every((text, i) => {
    const other = rights[i] ?? '';
    // -1 and -2 are answers of their own (TTL), never near 0.
    if (text.startsWith('-') || other.startsWith('-')) return text === other;
    return Math.abs(Number(text) - Number(other)) <= tolerance;
  });
}
