/*
 * Sends the stream to one replica: from its cursor to the end of the log, straight out of the
 * backlog's blocks and without a copy. At most `bytesMax` are with the socket at a time;
 * whatever a slow replica has not taken waits in the backlog, where it costs nobody else anything.
 * Each block is pinned until the kernel has taken its bytes. Must not know states or limits.
 */

import type { Clock } from '../commands/services.js';
import { type Backlog, type BacklogBlock, BacklogSlice } from './backlog.js';
import type { Peer } from './peer.js';

const slice = new BacklogSlice();

interface Pending {
  readonly backlog: Backlog;
  readonly block: BacklogBlock;
  readonly length: number;
}

export class StreamSender {
  readonly #peer: Peer;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  /** Writes that the kernel has not taken, oldest first. */
  readonly #pending: Pending[] = [];
  #isPumping = false;

  /** `bytesMax`: how many bytes may be with the socket at a time. */
  constructor(options: { peer: Peer; clock: Clock; bytesMax: number }) {
    this.#peer = options.peer;
    this.#clock = options.clock;
    this.#bytesMax = options.bytesMax;
  }

  /** Hands what is there to the socket, as far as it may. The peer must be streaming. */
  pump(backlog: Backlog): void {
    const peer = this.#peer;
    // A write that completes at once calls back from inside sendPinned.
    if (this.#isPumping) return;
    this.#isPumping = true;
    // As in Redis, who has switched replies off hears nothing of the stream either.
    const isHeard = !peer.client.silence?.isOff;
    while (isHeard && peer.state === 'streaming' && peer.cursor < backlog.end) {
      const room = this.#bytesMax - peer.inFlightBytes;
      if (room <= 0) break;
      backlog.locate(peer.cursor, room, slice);
      const { block, from, length } = slice;
      if (block === null) break;
      backlog.pin(block);
      this.#pending.push({ backlog, block, length });
      peer.cursor += length;
      peer.inFlightBytes += length;
      const bytes = block.bytes.subarray(from, from + length);
      peer.connection.sendPinned(bytes, this.#onWritten);
    }
    this.#isPumping = false;
  }

  /** Called once for each write, in order, also when the connection has ended. */
  readonly #onWritten = (): void => {
    const pending = this.#pending.shift();
    if (pending === undefined) return;
    const { backlog, block, length } = pending;
    const peer = this.#peer;
    backlog.unpin(block);
    peer.inFlightBytes -= length;
    if (peer.state === 'gone') return;
    peer.progressAtMs = this.#clock.monotonicMs();
    this.pump(backlog);
  };
}
