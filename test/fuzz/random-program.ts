/*
 * Random programs for two connections: requests on the data and around them, transactions that the
 * other one interferes with, and scenes that only make sense in order (a pause, a wait that is
 * ended, a dump restored elsewhere).
 */

import type { Random } from '../helpers/random.js';
import { isVersionAtLeast, redisVersion } from '../helpers/redis-server.js';
import { makeOdd } from './odd-arguments.js';
import {
  countRequests,
  ID_OF,
  type Name,
  OTHER_DUMP,
  OWN_DUMP,
  type Program,
  type Request,
  request,
  type Step,
} from './program.js';
import { KEYS, randomDataRequest } from './random-commands.js';
import { isCommandThere, randomSurfaceRequest } from './random-surface.js';

/** Requests in one write: more than one so that batches are exercised too. */
const BATCH_MAX = 64;

/** What the other connection is to end, and what ends by itself where that one may not. */
const LONG_ENOUGH_MS = '2000';

const isSince72 = isVersionAtLeast(redisVersion ?? '0', '7.2');

/** May stand in MULTI, and in the middle of a batch: one answer each, on this connection. */
const isPlain = ({ args }: Request): boolean =>
  !/^(P?UNSUBSCRIBE|P?SUBSCRIBE|RESET|QUIT|HELLO|EXEC|DISCARD|MULTI)$/i.test(args[0]) &&
  // Older servers write a message to oneself in the middle of EXEC's reply.
  (isSince72 || !/^PUBLISH$/i.test(args[0])) &&
  // Redis 7.2.4 says nothing to a wrong password while another reply waits to be sent.
  !(isSince72 && args.some((word) => /^AUTH$/i.test(word))) &&
  args[1] !== 'KILL';

class ProgramMaker {
  readonly steps: Step[] = [];
  readonly #random: Random;
  /** Who may be inside MULTI. */
  readonly #open = new Set<Name>();

  constructor(random: Random) {
    this.#random = random;
  }

  addSome(): void {
    const random = this.#random;
    const by = random.pick(['a', 'a', 'b']);
    const roll = random.next();
    if (roll < 0.35 && !this.#open.has(by)) this.#add(by, this.#draw());
    else if (roll < 0.6) this.#addBatch(by);
    else if (roll < 0.9) this.#addTransactionStep(by);
    else if (roll < 0.94) this.#addDump(by);
    else if (roll < 0.96) this.#addPause(by);
    else if (roll < 0.97) this.#addWait(by);
    else if (roll < 0.985) this.#addSilence(by);
    else this.#addSlowLog(by);
  }

  /** Leaves nothing undone that the comparison of the data would see. */
  end(): void {
    for (const by of this.#open) this.#add(by, request('same', 'EXEC'));
  }

  #add(by: Name, ...requests: Request[]): void {
    if (requests.some(({ args }) => /^(EXEC|DISCARD|RESET)$/i.test(args[0]))) this.#open.delete(by);
    this.steps.push({ by, requests });
  }

  #draw(): Request {
    const random = this.#random;
    const asked = random.chance(0.55) ? randomDataRequest(random) : randomSurfaceRequest(random);
    return random.chance(0.06) ? makeOdd(asked, random) : asked;
  }

  #addBatch(by: Name): void {
    const random = this.#random;
    const length = random.integer(1, random.chance(0.3) ? BATCH_MAX : 8);
    const draw = (): Request => {
      const asked = random.chance(0.95) ? randomDataRequest(random) : this.#draw();
      return random.chance(0.03) ? makeOdd(asked, random) : asked;
    };
    const requests = Array.from({ length }, draw).filter(isPlain);
    if (requests.length > 0) this.#add(by, ...requests);
  }

  /** Begins one, goes on with it, or ends it; in between the other connection has its say. */
  #addTransactionStep(by: Name): void {
    const random = this.#random;
    if (!this.#open.has(by)) {
      if (random.chance(0.6)) this.#add(by, request('same', 'WATCH', random.pick(KEYS)));
      this.#add(by, request('same', 'MULTI'));
      this.#open.add(by);
      return;
    }
    if (random.chance(0.5)) {
      const asked = this.#draw();
      const isTooMuch = /^(P?(UN)?SUBSCRIBE)$/i.test(asked.args[0]) && asked.args.length !== 2;
      // A killed client's announced replies do not all come in Redis, see docs/DIFFERENCES.md.
      const isSilent = asked.args.some((word) => /^(AUTH|KILL)$/i.test(word));
      // Here, too, the message would come in the middle of EXEC's reply.
      const isMessage = !isSince72 && /^PUBLISH$/i.test(asked.args[0]);
      if (!isTooMuch && !isSilent && !isMessage && (isPlain(asked) || random.chance(0.3)))
        this.#add(by, asked);
      return;
    }
    const word = random.pick(['EXEC', 'EXEC', 'EXEC', 'exec', 'DISCARD', 'RESET']);
    this.#add(by, request('same', word));
  }

  /** A value travels from key to key, within each server and from one to the other. */
  #addDump(by: Name): void {
    const random = this.#random;
    const payload = random.pick([OWN_DUMP, OTHER_DUMP]);
    const ttl = random.chance(0.7) ? '0' : `${random.integer(1000, 9000)}000`;
    this.#add(by, request('sameType', 'DUMP', random.pick(KEYS)));
    this.#add(by, request('same', 'RESTORE', random.pick(KEYS), ttl, payload, 'REPLACE'));
  }

  /** One connection stops writes; that of the other waits until it lets them go on. */
  #addPause(by: Name): void {
    if (this.#open.size > 0) return;
    const random = this.#random;
    const other = by === 'a' ? 'b' : 'a';
    if (random.chance(0.3)) {
      const mode = random.pick([[], ['ALL'], ['all'], ['WRITE']]);
      this.#add(by, request('same', 'CLIENT', 'PAUSE', random.pick(['5', '20', '1']), ...mode));
      this.#add(other, this.#draw());
      return;
    }
    this.#add(by, request('same', 'CLIENT', 'PAUSE', LONG_ENOUGH_MS, 'WRITE'));
    this.steps.push({
      by: other,
      requests: Array.from({ length: random.integer(1, 4) }, () => randomDataRequest(random)),
      isDeferred: true,
    });
    this.#add(by, request('clientLine', 'CLIENT', 'INFO'), request('same', 'CLIENT', 'UNPAUSE'));
    this.steps.push({ by: other, requests: [] });
  }

  #addWait(by: Name): void {
    if (this.#open.size > 0 || !isCommandThere(['CLIENT', 'UNBLOCK'])) return;
    const other = by === 'a' ? 'b' : 'a';
    const ending = this.#random.pick([[], ['TIMEOUT'], ['ERROR'], ['error']]);
    this.steps.push({
      by,
      requests: [request('sameType', 'WAIT', '9', LONG_ENOUGH_MS)],
      isDeferred: true,
    });
    this.#add(other, request('same', 'CLIENT', 'UNBLOCK', ID_OF + by, ...ending));
    this.steps.push({ by, requests: [] });
  }

  #addSilence(by: Name): void {
    if (this.#open.has(by) || !isCommandThere(['CLIENT', 'REPLY'])) return;
    const hidden = Array.from({ length: this.#random.integer(0, 3) }, () =>
      randomDataRequest(this.#random),
    );
    if (this.#random.chance(0.5)) {
      const on = request('same', 'CLIENT', 'REPLY', 'ON');
      const requests = [request('same', 'CLIENT', 'REPLY', 'OFF'), ...hidden, on];
      this.steps.push({ by, requests, answers: 1 });
      return;
    }
    const ping = request('same', 'PING');
    const skip = request('same', 'CLIENT', 'REPLY', 'SKIP');
    this.steps.push({ by, requests: [skip, ping, ping], answers: 1 });
  }

  /** All in one write, so that nothing of another connection comes between. */
  #addSlowLog(by: Name): void {
    if (this.#open.has(by)) return;
    const threshold = (value: string): Request =>
      request('same', 'CONFIG', 'SET', 'slowlog-log-slower-than', value);
    const body = Array.from({ length: this.#random.integer(1, 6) }, () =>
      randomDataRequest(this.#random),
    );
    this.#add(
      by,
      request('same', 'SLOWLOG', 'RESET'),
      threshold('0'),
      ...body,
      threshold('-1'),
      request('same', 'SLOWLOG', 'LEN'),
      request('slowLog', 'SLOWLOG', 'GET', '-1'),
    );
  }
}

export function randomProgram(random: Random, requests: number): Program {
  const maker = new ProgramMaker(random);
  while (countRequests(maker.steps) < requests) maker.addSome();
  maker.end();
  const protocol = (): 2 | 3 => (random.chance(0.5) ? 2 : 3);
  return { steps: maker.steps, protocols: { a: protocol(), b: protocol() } };
}
