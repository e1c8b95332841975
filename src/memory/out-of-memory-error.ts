/*
 * The one operating error of the memory: no address space (or no memory of the system) is left for
 * a block. Everything else that goes wrong in memory/ is a bug of ours and an assertion.
 */

export class OutOfMemoryError extends Error {
  override readonly name = 'OutOfMemoryError';
  /** The block that did not fit, in bytes. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`no memory left for a block of ${bytes} bytes`);
    this.bytes = bytes;
  }
}
