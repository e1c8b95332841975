/*
 * Simulated connections: bytes travel in pieces of random size with a delay, and a test may cut a
 * connection after any piece, freeze it, or have new ones refused. Both ends see an end as TCP
 * shows it: whatever was under way is lost.
 */

import type { World } from './world.js';

export interface EndEvents {
  onData(bytes: Uint8Array): void;
  onClose(): void;
}

interface Write {
  readonly bytes: Uint8Array;
  readonly onTaken: () => void;
}

/** One end of a connection. */
export class End {
  events: EndEvents | null = null;
  isClosed = false;
  isPaused = false;
  readonly name: string;
  /** What the other end has been sent and has not got yet. */
  readonly #outgoing: Write[] = [];
  #position = 0;
  #isMoving = false;
  #peer: End | null = null;
  readonly #network: Network;

  constructor(network: Network, name: string) {
    this.#network = network;
    this.name = name;
  }

  connect(peer: End): void {
    this.#peer = peer;
  }

  get peer(): End | null {
    return this.#peer;
  }

  /** Sends the bytes themselves; `onTaken` exactly once, as Connection.sendPinned has it. */
  write(bytes: Uint8Array, onTaken: () => void = () => {}): void {
    if (this.isClosed || bytes.length === 0) {
      this.#network.world.after(0, onTaken);
      return;
    }
    this.#outgoing.push({ bytes, onTaken });
    this.move();
  }

  get outgoingBytes(): number {
    return this.#outgoing.reduce((sum, { bytes }) => sum + bytes.length, -this.#position);
  }

  resume(): void {
    this.isPaused = false;
    this.#peer?.move();
  }

  /** Ends the connection for both; the other end hears of it. */
  destroy(): void {
    if (this.isClosed) return;
    this.#end();
    const peer = this.#peer;
    if (peer !== null && !peer.isClosed) {
      peer.#end();
      peer.events?.onClose();
    }
  }

  #end(): void {
    this.isClosed = true;
    for (const { onTaken } of this.#outgoing.splice(0)) this.#network.world.after(0, onTaken);
    this.#position = 0;
  }

  /** Gets the next piece under way. */
  move(): void {
    const { world } = this.#network;
    if (this.#isMoving || this.isClosed || this.#outgoing.length === 0) return;
    this.#isMoving = true;
    world.after(1 + Math.floor(world.random() * 3), () => {
      this.#isMoving = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const network = this.#network;
    const [write] = this.#outgoing;
    const peer = this.#peer;
    if (write === undefined || peer === null || peer.isClosed) return;
    if (peer.isPaused || network.isFrozen) return;
    const left = write.bytes.length - this.#position;
    const count = Math.min(left, 1 + Math.floor(network.world.random() * network.pieceBytesMax));
    const piece = write.bytes.slice(this.#position, this.#position + count);
    this.#position += count;
    if (this.#position === write.bytes.length) {
      this.#outgoing.shift();
      this.#position = 0;
      write.onTaken();
    }
    peer.events?.onData(piece);
    network.onPiece(this);
    this.move();
  }
}

export class Network {
  readonly world: World;
  /** Largest piece in which bytes arrive. */
  pieceBytesMax = 200;
  /** Nothing arrives while set; connections stay. */
  isFrozen = false;
  refuses = false;
  /** Called after each piece; the simulation's steps. */
  onPiece: (from: End) => void = () => {};
  readonly #listeners = new Map<string, (end: End) => void>();
  readonly #ends = new Set<End>();

  constructor(world: World) {
    this.world = world;
  }

  listen(address: string, onAccept: (end: End) => void): void {
    this.#listeners.set(address, onAccept);
  }

  close(address: string): void {
    this.#listeners.delete(address);
  }

  /** `onOpen` once it stands; `onRefused` instead when nobody listens. */
  dial(options: {
    from: string;
    to: string;
    events: EndEvents;
    onOpen: () => void;
    onRefused: () => void;
  }): End {
    const { from, to, events, onOpen, onRefused } = options;
    const near = new End(this, from);
    near.events = events;
    this.world.after(1, () => {
      if (near.isClosed) return;
      const accept = this.#listeners.get(to);
      if (this.isFrozen) return;
      if (this.refuses || accept === undefined) {
        near.isClosed = true;
        onRefused();
        return;
      }
      const far = new End(this, to);
      near.connect(far);
      far.connect(near);
      this.#ends.add(near);
      accept(far);
      onOpen();
    });
    return near;
  }

  /** Bytes that a node has handed to its accepted connections and that have not arrived. */
  underWayFrom(address: string): number {
    let bytes = 0;
    for (const { peer } of this.#ends) if (peer?.name === address) bytes += peer.outgoingBytes;
    return bytes;
  }

  /** Ends all connections now. */
  cutAll(): void {
    for (const end of this.#ends) {
      if (!end.isClosed) cut(end);
    }
    this.#ends.clear();
  }

  thaw(): void {
    this.isFrozen = false;
    for (const end of this.#ends) {
      end.move();
      end.peer?.move();
    }
  }
}

/** Both ends see the connection go. */
export function cut(end: End): void {
  if (end.isClosed) return;
  end.destroy();
  end.events?.onClose();
}
