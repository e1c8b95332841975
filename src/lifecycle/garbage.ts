/*
 * A full garbage collection on demand. V8 counts shared buffers as nothing, so a server that hardly
 * allocates would never give dropped arenas back; memory/ asks for this after it has dropped some.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | null = null;

export function collectGarbage(): void {
  if (collect === null) {
    // The flag only shows `gc` to contexts made after it.
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
