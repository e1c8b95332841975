/*
 * What a client that wants fewer replies has chosen with CLIENT REPLY. Clients that want all of
 * them have no such thing, and pay nothing for it. Whoever is silenced has its requests executed
 * and its errors counted like anybody else; only the writer of the replies is muted meanwhile (see
 * silenced-requests.ts). Messages are no replies, and are heard. Pure.
 */

export class Silence {
  /** Until CLIENT REPLY ON. */
  isOff = false;
  /** The request that runs has no reply. */
  isSkipping = false;
  /** The one after it will have none. */
  skipsNext = false;

  /** Something that is written now, or next, is not heard. */
  get isInForce(): boolean {
    return this.isOff || this.isSkipping || this.skipsNext;
  }

  /** A request begins. True when it has no reply. */
  beginRequest(): boolean {
    this.isSkipping = this.skipsNext;
    this.skipsNext = false;
    return this.isOff || this.isSkipping;
  }

  /** The request was not executed, and will begin once more. */
  takeBack(): void {
    if (this.isSkipping) this.skipsNext = true;
  }

  /** The request is over, with whatever wait it had. */
  endRequest(): void {
    this.isSkipping = false;
  }

  /** CLIENT REPLY ON: answered itself, though it was to be skipped. */
  turnOn(): void {
    this.isOff = false;
    this.isSkipping = false;
  }

  /** RESET: a reply that is to be skipped, its own, still is. */
  reset(): void {
    this.isOff = false;
    this.skipsNext = false;
  }
}
