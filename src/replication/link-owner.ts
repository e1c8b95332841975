/*
 * What the link to our primary tells its owner, and asks of it: where the data stand, what was
 * loaded, what was applied. What a sync means for history and backlog is the owner's affair.
 */

import type { Position } from './history.js';

export interface LoadedSnapshot {
  /** Null: the primary gave none. */
  readonly position: Position | null;
  readonly streamDatabase: number;
  /** Commands of its own primary's stream that the primary's data lack. */
  readonly failedStreamCommands: number;
}

/** What the link tells its owner, and asks of it. */
export interface LinkOwner {
  /** Where our data stand; null when no history can be continued. */
  position(): Position | null;
  /** Database that the stream stands in at that position. */
  streamDatabase: number;
  /** The primary lets us go on; under this name, if it has another now. */
  onContinue(replid: string | null): void;
  /** The keyspace is about to be replaced. */
  onBeforeLoad(): void;
  /** The keyspace is the primary's. */
  onLoaded(loaded: LoadedSnapshot): void;
  /** The snapshot could not be loaded; `isEmpty`: the old data are gone. */
  onLoadFailed(isEmpty: boolean): void;
  /** Bytes of fully applied commands. */
  onApplied(bytes: Uint8Array, start: number, end: number): void;
  /** A command of the stream was unknown or failed. */
  onStreamFailed(): void;
  /** Bytes of the stream fully applied. */
  readonly offset: number;
}
