/*
 * The link to our primary as a state machine: what to send after which reply, when a sync has
 * begun, and how long to wait before the next attempt. Pure: it says what must be done, the shell
 * (link.ts) does it. docs/REPLICATION.md draws it.
 *
 *   idle → connecting → awaitingPong → awaitingAuth → awaitingReplconf → awaitingPsyncReply
 *        → receivingSnapshot → loadingSnapshot → streaming;     any → backingOff → connecting
 */

import assert from 'node:assert/strict';
import {
  LINK_BACKOFF_FIRST_MS,
  LINK_BACKOFF_MAX_MS,
  LINK_RETRY_JITTER,
  LINK_RETRY_MS,
} from '../limits.js';
import type { Log } from '../observability/log.js';
import { type Position, REPLID_LENGTH } from './history.js';

export const linkStates = [
  'idle',
  'connecting',
  'awaitingPong',
  'awaitingAuth',
  'awaitingReplconf',
  'awaitingPsyncReply',
  'receivingSnapshot',
  'loadingSnapshot',
  'streaming',
  'backingOff',
] as const;

export type LinkState = (typeof linkStates)[number];

/**
 * Where each state may lead. Every state may also end in `idle` (REPLICAOF NO ONE, another
 * primary).
 */
export const linkTransitions: Readonly<Record<LinkState, readonly LinkState[]>> = {
  idle: ['connecting'],
  connecting: ['awaitingPong', 'backingOff'],
  awaitingPong: ['awaitingAuth', 'awaitingReplconf', 'backingOff'],
  awaitingAuth: ['awaitingReplconf', 'backingOff'],
  awaitingReplconf: ['awaitingPsyncReply', 'backingOff'],
  awaitingPsyncReply: ['receivingSnapshot', 'streaming', 'backingOff'],
  receivingSnapshot: ['loadingSnapshot', 'backingOff'],
  loadingSnapshot: ['streaming', 'backingOff'],
  streaming: ['backingOff'],
  backingOff: ['connecting'],
};

/** States in which the handshake runs: INFO and ROLE give them one name. */
const HANDSHAKE: readonly LinkState[] = [
  'awaitingPong',
  'awaitingAuth',
  'awaitingReplconf',
  'awaitingPsyncReply',
];

/** What the handshake tells the primary; read anew for each attempt. */
export interface HandshakeSettings {
  /** Empty: no AUTH. */
  readonly password: string;
  /** Empty: AUTH with the password only. */
  readonly user: string;
  readonly listeningPort: number;
  /** Empty: not announced. */
  readonly announcedIp: string;
}

/** What the shell must do next. */
export type LinkAction =
  /** Nothing: wait for the next reply. */
  | { readonly kind: 'wait' }
  /** Send these commands in one write. */
  | { readonly kind: 'send'; readonly commands: readonly (readonly string[])[] }
  /** A payload follows. `position`: what it stands for; null when the primary does not say. */
  | { readonly kind: 'receive'; readonly position: Position | null; readonly mustSendSync: boolean }
  /** The stream follows where we stopped; `replid`: the name it has now, null = as before. */
  | { readonly kind: 'continue'; readonly replid: string | null }
  /** Close the connection and call lost(). */
  | { readonly kind: 'close' };

const WAIT: LinkAction = { kind: 'wait' };
const CLOSE: LinkAction = { kind: 'close' };

export class LinkMachine {
  #state: LinkState = 'idle';
  readonly #log: Log;
  readonly #settings: () => HandshakeSettings;
  readonly #position: () => Position | null;
  readonly #random: () => number;
  #replconfs: string[] = [];
  /** Attempts since the last good stream that ended before a sync had begun. */
  #refusedInARow = 0;
  /** Syncs that had begun and failed since the last proven stream. */
  #failedSyncs = 0;
  #isProven = false;

  constructor(options: {
    log: Log;
    settings: () => HandshakeSettings;
    /** What to ask PSYNC for: where our data stand; null when nothing can be continued. */
    position: () => Position | null;
    /** In [0, 1). */
    random: () => number;
  }) {
    this.#log = options.log;
    this.#settings = options.settings;
    this.#position = options.position;
    this.#random = options.random;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** The stream has shown itself to be good. */
  get isProven(): boolean {
    return this.#isProven;
  }

  get isInHandshake(): boolean {
    return HANDSHAKE.includes(this.#state);
  }

  /** An attempt begins. */
  connect(): void {
    this.#go('connecting');
  }

  /** The connection stands. */
  connected(): LinkAction {
    this.#go('awaitingPong');
    return send([['PING']]);
  }

  /** One line of the handshake, with its first character and without its end. */
  onReply(line: string): LinkAction {
    switch (this.#state) {
      case 'awaitingPong':
        return this.#onPong(line);
      case 'awaitingAuth':
        return this.#onAuth(line);
      case 'awaitingReplconf':
        return this.#onReplconf(line);
      case 'awaitingPsyncReply':
        return this.#onPsync(line);
      default:
        assert.fail(`a reply while ${this.#state}`);
    }
  }

  snapshotReceived(): void {
    this.#go('loadingSnapshot');
  }

  snapshotLoaded(): void {
    this.#beginStream();
  }

  /** The stream has lasted, or brought something: the failures before it are forgotten. */
  streamProven(): void {
    assert(this.#state === 'streaming');
    this.#isProven = true;
    this.#failedSyncs = 0;
    this.#refusedInARow = 0;
  }

  /** The connection has gone, or was given up. Returns how long to wait before the next, in ms. */
  lost(): number {
    const hadBegun = isSync(this.#state) && !(this.#state === 'streaming' && this.#isProven);
    this.#go('backingOff');
    if (hadBegun) {
      const exponent = Math.min(this.#failedSyncs++, 31);
      const ceiling = Math.min(LINK_BACKOFF_MAX_MS, LINK_BACKOFF_FIRST_MS * 2 ** exponent);
      return ceiling * (0.5 + this.#random() / 2);
    }
    if (this.#refusedInARow++ === 0) return 0;
    return LINK_RETRY_MS * (1 + LINK_RETRY_JITTER * (2 * this.#random() - 1));
  }

  /** No primary any more, or another one: failures of the old one say nothing about the next. */
  stop(): void {
    this.#state = 'idle';
    this.#refusedInARow = 0;
    this.#failedSyncs = 0;
  }

  #beginStream(): void {
    this.#go('streaming');
    this.#isProven = false;
  }

  #go(to: LinkState): void {
    assert(linkTransitions[this.#state].includes(to), `link: ${this.#state} → ${to}`);
    this.#state = to;
  }

  #onPong(line: string): LinkAction {
    const isAnswer =
      line.startsWith('+') ||
      line.startsWith('-NOAUTH') ||
      line.startsWith('-NOPERM') ||
      line.startsWith('-ERR operation not permitted');
    if (!isAnswer) {
      this.#log.warning(`Error reply to PING from master: '${line}'`);
      return CLOSE;
    }
    this.#log.notice('Master replied to PING, replication can continue...');
    const { password, user } = this.#settings();
    if (password === '') return this.#sendReplconf();
    this.#go('awaitingAuth');
    return send([user === '' ? ['AUTH', password] : ['AUTH', user, password]]);
  }

  #onAuth(line: string): LinkAction {
    if (line.startsWith('-')) {
      this.#log.warning(`Unable to AUTH to MASTER: ${line}`);
      return CLOSE;
    }
    return this.#sendReplconf();
  }

  #sendReplconf(): LinkAction {
    this.#go('awaitingReplconf');
    const { listeningPort, announcedIp } = this.#settings();
    const options: [name: string, ...values: string[]][] = [
      ['listening-port', String(listeningPort)],
    ];
    if (announcedIp !== '') options.push(['ip-address', announcedIp]);
    options.push(['capa', 'eof', 'capa', 'psync2']);
    this.#replconfs = options.map(([name]) => name);
    return send(options.map((option) => ['REPLCONF', ...option]));
  }

  #onReplconf(line: string): LinkAction {
    const option = this.#replconfs.shift();
    if (line.startsWith('-')) {
      this.#log.notice(`(Non critical) Master does not understand REPLCONF ${option}: ${line}`);
    }
    if (this.#replconfs.length > 0) return WAIT;
    this.#go('awaitingPsyncReply');
    const position = this.#position();
    if (position === null) {
      this.#log.notice('Partial resynchronization not possible (no cached master)');
      return send([['PSYNC', '?', '-1']]);
    }
    const first = String(position.offset + 1);
    this.#log.notice(`Trying a partial resynchronization (request ${position.replid}:${first}).`);
    return send([['PSYNC', position.replid, first]]);
  }

  #onPsync(line: string): LinkAction {
    if (line.startsWith('+FULLRESYNC')) return this.#onFullResync(line);
    if (line.startsWith('+CONTINUE')) return this.#onContinue(line);
    if (line.startsWith('-NOMASTERLINK') || line.startsWith('-LOADING')) {
      this.#log.notice(`Master is currently unable to PSYNC but should be in the future: ${line}`);
      return CLOSE;
    }
    if (line.startsWith('-ERR')) {
      this.#log.notice(`Master does not support PSYNC or is in error state (reply: ${line})`);
    } else {
      this.#log.warning(`Unexpected reply to PSYNC from master: ${line}`);
    }
    this.#log.notice('Retrying with SYNC...');
    this.#go('receivingSnapshot');
    return { kind: 'receive', position: null, mustSendSync: true };
  }

  #onFullResync(line: string): LinkAction {
    this.#go('receivingSnapshot');
    const [, replid = '', offset = ''] = line.split(' ');
    const position = { replid, offset: Number(offset) };
    const isValid =
      replid.length === REPLID_LENGTH &&
      /^\d+$/.test(offset) &&
      Number.isSafeInteger(position.offset);
    if (!isValid) {
      this.#log.warning('Master replied with wrong +FULLRESYNC syntax.');
      return { kind: 'receive', position: null, mustSendSync: false };
    }
    this.#log.notice(`Full resync from master: ${replid}:${offset}`);
    return { kind: 'receive', position, mustSendSync: false };
  }

  #onContinue(line: string): LinkAction {
    if (this.#position() === null) {
      // We asked for everything: to go on from nowhere would end in other data than the primary's.
      this.#log.warning(`Unexpected reply to PSYNC from master: ${line}`);
      return CLOSE;
    }
    this.#beginStream();
    this.#log.notice('Successful partial resynchronization with master.');
    const replid = line.split(' ')[1] ?? '';
    const isNamed = replid.length === REPLID_LENGTH;
    return { kind: 'continue', replid: isNamed ? replid : null };
  }
}

/** A sync has begun: what follows costs both sides something. */
function isSync(state: LinkState): boolean {
  return state === 'receivingSnapshot' || state === 'loadingSnapshot' || state === 'streaming';
}

function send(commands: readonly (readonly string[])[]): LinkAction {
  return { kind: 'send', commands };
}
