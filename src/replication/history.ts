/*
 * The history a data set belongs to: its replication id, how far its stream has come, and its
 * lineage, the ids under which the same bytes were known before, each with the last offset at which
 * it still names our stream. A former primary's replicas find us through the lineage. Pure: new ids
 * come from the outside. Must not know the backlog: which bytes are still there is another
 * question.
 */

import assert from 'node:assert/strict';
import { LINEAGE_IDS_MAX } from '../limits.js';

/** Characters of a replication id: lower-case hexadecimal digits. */
export const REPLID_LENGTH = 40;

/** What INFO shows where there is no second id. */
export const NO_REPLID = '0'.repeat(REPLID_LENGTH);

export interface LineageEntry {
  readonly replid: string;
  /**
   * Bytes of the stream that this id shares with us: it is valid up to and including this offset.
   */
  readonly lastOffset: number;
}

/** Where a stream stands: the bytes of `replid`'s history up to `offset` have been applied. */
export interface Position {
  readonly replid: string;
  readonly offset: number;
}

export class History {
  #replid: string;
  #offset: number;
  #lineage: LineageEntry[] = [];
  readonly #newReplid: () => string;

  /** Starts a history of its own at offset 0. */
  constructor(options: { newReplid: () => string }) {
    this.#newReplid = options.newReplid;
    this.#replid = options.newReplid();
    this.#offset = 0;
  }

  get replid(): string {
    return this.#replid;
  }

  /** Bytes of the stream so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Former ids, newest first. */
  get lineage(): readonly LineageEntry[] {
    return this.#lineage;
  }

  get position(): Position {
    return { replid: this.#replid, offset: this.#offset };
  }

  /** INFO's master_replid2. */
  get secondReplid(): string {
    return this.#lineage[0]?.replid ?? NO_REPLID;
  }

  /** INFO's second_repl_offset: the first offset that the second id does not cover; -1 for none. */
  get secondOffset(): number {
    const entry = this.#lineage[0];
    return entry === undefined ? -1 : entry.lastOffset + 1;
  }

  advance(bytes: number): void {
    this.#offset += bytes;
  }

  /** Goes on under a new id of our own: promotion, or the restart of a primary. The old id stays
   * valid for what has been streamed until now. */
  rotate(): void {
    this.renameTo(this.#newReplid());
  }

  /** Goes on under the id that our primary has taken (+CONTINUE with another id). */
  renameTo(replid: string): void {
    if (replid === this.#replid) return;
    const former = { replid: this.#replid, lastOffset: this.#offset };
    const older = this.#lineage.filter((entry) => entry.replid !== replid);
    this.#lineage = [former, ...older].slice(0, LINEAGE_IDS_MAX);
    this.#replid = replid;
  }

  /** Takes another history over (a full sync, or the aux fields of a snapshot). */
  adopt(position: Position, lineage: readonly LineageEntry[] = []): void {
    assert(Number.isSafeInteger(position.offset) && position.offset >= 0, 'offset of a history');
    this.#replid = position.replid;
    this.#offset = position.offset;
    this.#lineage = [...lineage];
  }

  /** Cuts every tie: nobody can continue from what was. The offset goes on, as in Redis. */
  startOver(): void {
    this.#replid = this.#newReplid();
    this.#lineage = [];
  }

  /**
   * Last offset at which `replid` names our stream: Infinity for the current id, -1 for one that we
   * do not know. Upper and lower case are the same.
   */
  lastOffsetOf(replid: string): number {
    const wanted = replid.toLowerCase();
    if (wanted === this.#replid.toLowerCase()) return Number.POSITIVE_INFINITY;
    const entry = this.#lineage.find((one) => one.replid.toLowerCase() === wanted);
    return entry === undefined ? -1 : entry.lastOffset;
  }
}

/** `host:port` as Redis's log has it. */
export function primaryAddress(target: { readonly host: string; readonly port: number }): string {
  return `${target.host}:${target.port}`;
}
