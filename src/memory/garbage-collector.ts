/*
 * A full garbage collection on demand. V8 counts the buffers of arenas as nothing, so a server that
 * hardly allocates would keep dropped ones for hours. The stop is measured in decision 0001. Each
 * thread that has seen an arena needs one of its own.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Returns the function that collects. */
export function exposeGarbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  return () => collect();
}
