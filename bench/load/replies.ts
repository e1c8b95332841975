/*
 * Counts whole replies in the bytes of a connection, whatever they are, without keeping them.
 */

const LF = 10;
const BULK = 0x24;
const ARRAY = 0x2a;
const ERROR = 0x2d;

export class ReplyCounter {
  /** Replies that were errors. */
  errors = 0;
  /** Elements that the array begun still lacks. */
  #elements = 0;
  /** Bytes of a bulk, its line end among them, that are still to come. */
  #skip = 0;
  #type = 0;
  #number = 0;
  #isNegative = false;

  /** Replies that ended in these bytes. */
  count(bytes: Uint8Array): number {
    let replies = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const taken = Math.min(this.#skip, bytes.length - at);
        this.#skip -= taken;
        at += taken;
        if (this.#skip === 0) replies += this.#endElement();
        continue;
      }
      const byte = bytes[at++];
      if (this.#type === 0) {
        this.#type = byte;
        this.#number = 0;
        this.#isNegative = false;
        continue;
      }
      if (byte !== LF) {
        if (byte >= 48 && byte <= 57) this.#number = this.#number * 10 + byte - 48;
        else if (byte === ERROR) this.#isNegative = true;
        continue;
      }
      replies += this.#endLine();
    }
    return replies;
  }

  #endLine(): number {
    const type = this.#type;
    this.#type = 0;
    if (type === ERROR) this.errors++;
    if (type === BULK && !this.#isNegative) {
      this.#skip = this.#number + 2;
      return 0;
    }
    if (type === ARRAY && !this.#isNegative && this.#number > 0) {
      this.#elements = this.#number;
      return 0;
    }
    return this.#endElement();
  }

  /** 1 when a whole reply has ended with it. Arrays hold no arrays here. */
  #endElement(): number {
    if (this.#elements > 0) this.#elements--;
    return this.#elements === 0 ? 1 : 0;
  }
}
