/*
 * What passes between the two ends of a frozen view: the message that opens it in the worker, and
 * the meaning of a shadow word. Both ends (shadow.ts, frozen-reader.ts) agree on this file alone.
 *
 *   shadow word of a page    0            in the view, not written since: the page itself is valid
 *                            n > 0        in the view, its old bytes are shadow page n
 *                            NOT_IN_VIEW  was free at the freeze: no reader comes here
 *                            LOST         in the view, and its old bytes are gone: the view is void
 *
 * Shadow page n lies in chunk (n - 1) / CHUNK_PAGES. A chunk is posted on the port before the first
 * of its numbers is published, so a reader that meets an unknown one finds it on the port.
 */

import type { MessagePort } from 'node:worker_threads';
import { ARENA_PAGES, ARENA_PAGES_SHIFT, type Ref } from './layout.js';

export const NOT_IN_VIEW = -1;
export const LOST = -2;

/**
 * As long as an arena. The system gives memory for what is used of it only, and takes it back at
 * once: an allocation of less than 32 MiB may stay in the C library's heap.
 */
export const CHUNK_PAGES = ARENA_PAGES;
export const CHUNK_PAGES_SHIFT = ARENA_PAGES_SHIFT;

export interface FrozenArena {
  readonly number: number;
  readonly bytes: SharedArrayBuffer;
  readonly shadow: SharedArrayBuffer;
}

/** Opens the view in a worker: `new FrozenReader(message)`. May be part of a larger message. */
export interface FrozenViewMessage {
  readonly root: Ref;
  readonly arenas: FrozenArena[];
  readonly chunks: SharedArrayBuffer[];
  readonly port: MessagePort;
  /** One word: not 0 = the reader should stop. */
  readonly control: SharedArrayBuffer;
}

/** The main thread's end. */
export interface FrozenViewHandle {
  /** For postMessage, together with transferList. */
  readonly message: FrozenViewMessage;
  readonly transferList: readonly MessagePort[];
  /** Asks the reader to stop: its `isAborted` turns true. The view lasts until thaw(). */
  abort(): void;
}
