/*
 * The way of a request without its socket: decoder, dispatch, handler, keyspace, reply, all real,
 * for tests and measurements of that path alone. Replication, snapshots and the log are stand-ins
 * that do nothing.
 */

import assert from 'node:assert/strict';
import { Client } from '../../src/commands/client.js';
import { commandFamilies } from '../../src/commands/command-families.js';
import { CommandTable } from '../../src/commands/command-table.js';
import { Dispatcher } from '../../src/commands/dispatch.js';
import type { Clock, Feed, Services } from '../../src/commands/services.js';
import { Config } from '../../src/config/config.js';
import type { Keyspace } from '../../src/keyspace/keyspace.js';
import { noConnection } from '../../src/lifecycle/no-connection.js';
import { Memory } from '../../src/memory/memory.js';
import { LatencyMonitor } from '../../src/observability/latency-monitor.js';
import { SlowLog } from '../../src/observability/slow-log.js';
import { Stats } from '../../src/observability/stats.js';
import { Arguments } from '../../src/resp/arguments.js';
import { ReplyWriter } from '../../src/resp/reply-writer.js';
import { REQUEST, RequestDecoder } from '../../src/resp/request-decoder.js';
import { newKeyspace } from './keyspace.js';

export class RequestPath {
  readonly memory = new Memory();
  readonly keyspace: Keyspace;
  readonly stats: Stats;
  /** Bytes of verbatim requests that reached the feed. */
  feedBytes = 0;
  readonly #client = new Client({ id: 1, connection: noConnection, nowMs: 0 });
  readonly #dispatcher: Dispatcher;
  readonly #decoder = new RequestDecoder();
  readonly #args = new Arguments();
  readonly #reply = new ReplyWriter();

  /** `hasReplicas`: writes travel. */
  constructor(options: { hasReplicas: boolean; clock: Clock }) {
    this.keyspace = newKeyspace({ memory: this.memory, databases: 16 });
    const commands = new CommandTable(commandFamilies);
    this.stats = new Stats({ commands: commands.all.length });
    const slowLog = new SlowLog();
    slowLog.configure({ thresholdMicroseconds: 10_000, entriesMax: 128 });
    const services = {
      config: new Config(),
      keyspace: this.keyspace,
      commands,
      stats: this.stats,
      slowLog,
      latency: new LatencyMonitor(),
      clock: options.clock,
      pause: { isActive: false },
      monitors: { isWatching: false },
      server: { isLoading: false },
      replication: { role: 'primary' },
      snapshots: { mustRefuseWrites: false, addDirty: () => {} },
    } as unknown as Services;
    const feed: Feed = {
      isActive: options.hasReplicas,
      offset: 0,
      appendVerbatim: (_database, _bytes, start, end) => {
        this.feedBytes += end - start;
      },
      append: () => {},
    };
    this.#client.isAuthenticated = true;
    this.#dispatcher = new Dispatcher({
      services,
      feed,
      noClient: this.#client,
      reply: this.#reply,
      deferredReply: () => {},
    });
  }

  /** Executes the whole requests in `requests[0, end)` as one batch of one client; returns how many
   * there were. */
  execute(requests: Uint8Array, end = requests.length): number {
    const dispatcher = this.#dispatcher;
    const decoder = this.#decoder;
    let count = 0;
    let position = 0;
    dispatcher.beginBatch(this.#client);
    this.#reply.begin(sink, 2);
    while (position < end) {
      const decoded = decoder.next(requests, position, end, this.#args);
      assert(decoded === REQUEST);
      dispatcher.onRequest(this.#client, this.#args, this.#reply);
      position = decoder.position;
      count++;
    }
    dispatcher.endBatch(this.#client);
    this.#reply.finish();
    return count;
  }
}

const sink = { take: (buffer: Uint8Array): Uint8Array => buffer };
