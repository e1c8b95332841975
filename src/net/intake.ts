/*
 * What one connection has received and not executed: the decoder that stands in the midst of it,
 * the bytes it waits for, and where the socket reads to next. Holds it to the limits; who owns it
 * closes the connection when they are exceeded. Must not know clients or sockets.
 */

import { REQUEST_BYTES_MAX } from '../limits.js';
import { RequestDecoder } from '../resp/request-decoder.js';
import { InputBuffer, type InputBufferPool } from './input-buffer.js';
import type { NetSettings } from './request-handler.js';

/** What all connections share of it. */
export interface IntakeHost {
  readonly inputPool: InputBufferPool;
  readonly readBuffer: Uint8Array;
  readonly environment: { readonly settings: Pick<NetSettings, 'queryBufferBytesMax'> };
}

export class Intake {
  readonly decoder = new RequestDecoder();
  readonly input: InputBuffer;
  /** After an unfinished request: bytes that it needs to go on; else 0. */
  neededBytes = 0;
  readonly #host: IntakeHost;

  constructor(host: IntakeHost) {
    this.input = new InputBuffer(host.inputPool);
    this.#host = host;
  }

  /** Puts `readBuffer[from, to)` with what waits already. False: that is too much. */
  keep(from: number, to: number): boolean {
    const isKept = this.input.append(this.#host.readBuffer, from, to, this.neededBytes);
    return isKept && this.isWithinLimits();
  }

  isWithinLimits(): boolean {
    const parsed = this.neededBytes > 0 ? this.decoder.parsedBytes : 0;
    const isWithin =
      this.input.bytesAfter(parsed) <= this.#host.environment.settings.queryBufferBytesMax;
    return isWithin && this.input.length <= REQUEST_BYTES_MAX;
  }

  /** Where the socket reads to next; undefined: where it did last. */
  nextBuffer(isOpen: boolean): Uint8Array | undefined {
    // The value is about to be freed.
    if (!isOpen) this.input.stopFilling();
    return this.input.nextTarget(this.#host.readBuffer);
  }
}
