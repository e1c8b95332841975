/*
 * The middle of a list of figures: of an even number the upper one of the two.
 */

import assert from 'node:assert/strict';

export function median(figures: readonly number[]): number {
  const middle = [...figures].sort((a, b) => a - b)[figures.length >> 1];
  assert(middle !== undefined, 'no figures');
  return middle;
}
