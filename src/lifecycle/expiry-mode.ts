/*
 * Decides how the keyspace treats keys past their time: deleted on a primary, hidden on a replica,
 * and hidden while clients are paused too, since the stream must stand still then. A load has a
 * mode of its own, and asks for this one at its end. Must not know why the role changes or who
 * pauses.
 */

import type { ClientPause } from '../commands/client-pause.js';
import type { ExpiryMode, Keyspace } from '../keyspace/keyspace.js';

export class ExpiryRule {
  readonly #keyspace: Keyspace;
  readonly #pause: () => ClientPause;
  readonly #isLoading: () => boolean;
  #role: 'primary' | 'replica' = 'primary';

  constructor(options: {
    keyspace: Keyspace;
    pause: () => ClientPause;
    isLoading: () => boolean;
  }) {
    this.#keyspace = options.keyspace;
    this.#pause = options.pause;
    this.#isLoading = options.isLoading;
  }

  get mode(): ExpiryMode {
    if (this.#role === 'replica') return 'replica';
    return this.#pause().isActive ? 'paused' : 'primary';
  }

  set role(role: 'primary' | 'replica') {
    this.#role = role;
    this.apply();
  }

  /** After any change of what the mode depends on. */
  apply(): void {
    if (!this.#isLoading()) this.#keyspace.expiryMode = this.mode;
  }
}
