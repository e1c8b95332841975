/*
 * One of the two servers that run the same program: its connections by name, a control connection
 * that the program does not see, and what stands for the program's placeholders here.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RespClient } from '../helpers/resp-client.js';
import type { Reply } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { EventConnection } from './event-connection.js';
import { ADDRESS_OF, ID_OF, type Name, OTHER_DUMP, OWN_DUMP } from './program.js';

/** A server that is silent for so long counts as one that does not answer. */
const SILENCE_MS = 5000;

/** What programs change, as it is before each of them. */
const SETTINGS = [
  ...['maxmemory-policy', 'noeviction', 'slowlog-log-slower-than', '-1', 'slowlog-max-len', '128'],
  ...['hz', '10', 'timeout', '0', 'lfu-log-factor', '10', 'lfu-decay-time', '1'],
  ...['latency-monitor-threshold', '0', 'lazyfree-lazy-user-del', 'no', 'tcp-keepalive', '300'],
  // Shorter than what random offsets reach: they must not make strings of gigabytes.
  ...['proto-max-bulk-len', '1048576', 'save', '', 'repl-timeout', '60'],
];

interface Link {
  connection: EventConnection;
  id: string;
  /** Answers that it will have been given when all steps so far are through. */
  awaited: number;
}

export class ProgramSide {
  readonly server: ServerProcess;
  control: RespClient;
  /** The last payload that DUMP gave. */
  dump = '';
  readonly #links = new Map<Name, Link>();

  private constructor(server: ServerProcess, control: RespClient) {
    this.server = server;
    this.control = control;
  }

  static async of(server: ServerProcess): Promise<ProgramSide> {
    return new ProgramSide(server, await server.connect());
  }

  /** No data, no connections but the control's, all settings as at the start. */
  async startOver(): Promise<void> {
    for (const { connection } of this.#links.values()) connection.close();
    this.#links.clear();
    this.dump = '';
    if (!this.server.isRunning) await this.server.start();
    if (this.control.isClosed) this.control = await this.server.connect();
    await waitFor('old connections to be gone', async () => {
      const list = String(await this.control.call('CLIENT', 'LIST'));
      const others = list.trim().split('\n');
      return others.filter((line) => !/ flags=S/.test(line)).length === 1;
    });
    await this.control.pipeline([
      ['CONFIG', 'SET', ...SETTINGS],
      ['CLIENT', 'UNPAUSE'],
      ['FLUSHALL'],
      ['SLOWLOG', 'RESET'],
      ['CONFIG', 'RESETSTAT'],
    ]);
  }

  get names(): Name[] {
    return [...this.#links.keys()];
  }

  /** Events that have come and wait to be taken, the end of the connection among them. */
  waiting(name: Name): number {
    return this.#linkOf(name).connection.waiting;
  }

  takeEvents(name: Name): Reply[] {
    return this.#linkOf(name).connection.takeEvents();
  }

  /** Connects the name, or again when its connection is gone. */
  async open(name: Name, protocol: 2 | 3): Promise<void> {
    const known = this.#links.get(name);
    if (known && !known.connection.isClosed) return;
    const connection = await EventConnection.connect(this.server.port);
    connection.send([...(protocol === 3 ? [['HELLO', '3']] : []), ['CLIENT', 'ID']]);
    const awaited = protocol === 3 ? 2 : 1;
    await connection.waitForAnswers(awaited, SILENCE_MS);
    const id = connection.takeEvents().at(-1);
    this.#links.set(name, { connection, id: id && 'text' in id ? id.text : '', awaited });
  }

  send(name: Name, options: { requests: readonly (readonly string[])[]; answers: number }): void {
    const link = this.#linkOf(name);
    link.connection.send(options.requests);
    link.awaited += options.answers;
  }

  /** False when the server has not answered all in time. */
  waitForAnswers(name: Name): Promise<boolean> {
    const { connection, awaited } = this.#linkOf(name);
    return connection.waitForAnswers(awaited, SILENCE_MS);
  }

  /** Answers that are owed beyond those that have come are forgotten. */
  forgiveSilence(name: Name): void {
    const link = this.#linkOf(name);
    link.awaited = link.connection.answers;
  }

  /** Until what the last step caused on other connections has come. */
  async settle(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round++) await this.control.call('PING');
    // What was written before the answer is in our sockets, but may not have been read.
    await nextTurn();
    await nextTurn();
  }

  /** A request with this server's texts for its placeholders. */
  fill(args: readonly string[], other: ProgramSide): readonly string[] {
    if (!args.some((arg) => arg.endsWith(':') || /^(id|address)-of:/.test(arg))) return args;
    return args.map((arg) => {
      if (arg === OWN_DUMP) return this.dump;
      if (arg === OTHER_DUMP) return other.dump;
      if (arg.startsWith(ID_OF)) return this.#links.get(arg.slice(ID_OF.length))?.id ?? '0';
      if (!arg.startsWith(ADDRESS_OF)) return arg;
      const link = this.#links.get(arg.slice(ADDRESS_OF.length));
      return link?.connection.localAddress ?? '127.0.0.1:1';
    });
  }

  #linkOf(name: Name): Link {
    const link = this.#links.get(name);
    if (!link) throw new Error(`no connection ${name}`);
    return link;
  }
}
