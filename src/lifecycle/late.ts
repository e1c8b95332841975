/*
 * A part that others refer to before it can be built: parts that need each other are tied through
 * one of these. It is filled once, while the server is composed, and read only when the server
 * runs.
 */

import assert from 'node:assert/strict';

export class Late<Part> {
  #part: Part | null = null;

  fill(part: Part): Part {
    assert(this.#part === null, 'a part is built once');
    this.#part = part;
    return part;
  }

  get part(): Part {
    assert(this.#part !== null, 'a part was used before it was built');
    return this.#part;
  }
}
