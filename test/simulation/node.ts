/*
 * A server for simulations: the real Replication with everything around it replaced: a Map for the
 * keyspace, text for the RDB, the simulated network for sockets. Its few commands are enough to
 * tell whether two data sets are the same: SET, DEL, INCR (which shows what was applied twice),
 * SELECT, MULTI.
 */

import assert from 'node:assert/strict';
import { Client, type Connection } from '../../src/commands/client.js';
import type { Context } from '../../src/commands/command.js';
import { Config } from '../../src/config/config.js';
import type { Log } from '../../src/observability/log.js';
import { Stats } from '../../src/observability/stats.js';
import type { LoadResult } from '../../src/persistence/loader.js';
import type { ReplicationMark, Transfer } from '../../src/persistence/transfer.js';
import type { Dial } from '../../src/replication/link-socket.js';
import { Replication } from '../../src/replication/replication.js';
import type { SnapshotDownload } from '../../src/replication/snapshot-intake.js';
import { Arguments } from '../../src/resp/arguments.js';
import { NOTHING, REQUEST, RequestDecoder } from '../../src/resp/request-decoder.js';
import { latin1, latin1Text } from '../../src/structures/bytes.js';
import type { End, Network } from './network.js';
import type { World } from './world.js';

/** Simulated ms between two pieces of a snapshot being written. */
const SNAPSHOT_PIECE_MS = 5;
const SNAPSHOT_PIECE_BYTES = 300;
const LOAD_MS = 30;

interface Snapshot {
  readonly mark: ReplicationMark;
  readonly data: [string, string][];
}

/** A connection accepted by a node. */
class SimConnection implements Connection {
  readonly localAddress = 'sim:0';
  readonly descriptor = -1;
  readonly isLoopback = true;
  readonly queryBufferBytes = 0;
  readonly queryBufferFreeBytes = 0;
  readonly outputChunks = 0;
  readonly isReaderSlow = false;
  mayDelay = false;
  readonly #end: End;

  constructor(end: End) {
    this.#end = end;
  }

  get remoteAddress(): string {
    return `10.0.0.1:${1000}`;
  }

  get outputBytes(): number {
    return this.#end.outgoingBytes;
  }

  send(bytes: Uint8Array): void {
    this.#end.write(bytes);
  }

  sendPinned(bytes: Uint8Array, onWritten: () => void): void {
    this.#end.write(bytes, onWritten);
  }

  endAfterReplies(): void {
    this.#end.destroy();
  }

  destroy(): void {
    this.#end.destroy();
  }

  allowDelay(): void {
    this.mayDelay = true;
  }

  suspendRequests(): void {}

  resumeRequests(): void {}
}

export class SimNode {
  readonly address: string;
  readonly config = new Config();
  readonly stats = new Stats({ commands: 1 });
  readonly replication: Replication;
  readonly lines: string[] = [];
  data = new Map<string, string>();
  isLoading = false;
  /** Connections accepted, in order. */
  readonly accepted: SimConnection[] = [];
  /** Clients in a MULTI, with what they queued. */
  readonly #queues = new Map<Client, string[][]>();
  readonly #world: World;
  readonly #network: Network;
  #clients = 0;

  constructor(options: {
    world: World;
    network: Network;
    address: string;
    settings?: Record<string, string>;
  }) {
    const { world, network, address } = options;
    this.#world = world;
    this.#network = network;
    this.address = address;
    const settings = { 'repl-diskless-sync-delay': '0', ...options.settings };
    for (const [name, value] of Object.entries(settings)) {
      assert.equal(this.config.load(name, value.split(' ')), null, name);
    }
    this.replication = new Replication({
      config: this.config,
      log: this.#log(),
      stats: this.stats,
      clock: world,
      scheduler: world.scheduler,
      random: () => world.random(),
      newReplid: () => world.newReplid(),
      transfers: { beginTransfer: (mark, { isDiskless }) => this.#transfer(mark, isDiskless) },
      executor: this.#executor(),
      dial: this.#dial(),
      intake: { open: () => this.#download() },
      listeningPort: () => 6379,
      isPaused: () => false,
      endBlockedClients: () => {},
      describeClient: (client) => `id=${client.id}`,
      onRoleChange: () => {},
    });
    network.listen(address, (end) => this.#accept(end));
    this.replication.start();
  }

  /** A write of a client of this node. */
  write(database: number, ...words: string[]): void {
    assert.equal(this.replication.role, 'primary');
    this.#apply(database, words);
    this.replication.feed.append(database, words.map(latin1));
  }

  /** Several writes as one transaction. */
  writeAll(database: number, commands: readonly string[][]): void {
    const { feed } = this.replication;
    feed.append(-1, [latin1('MULTI')]);
    for (const words of commands) {
      this.#apply(database, words);
      feed.append(database, words.map(latin1));
    }
    feed.append(-1, [latin1('EXEC')]);
  }

  follow(address: string | null): void {
    const target = address === null ? null : { host: address, port: 1 };
    this.replication.replicaOf(target, 'test');
  }

  /** The data in one text, for comparing. */
  get contents(): string {
    return [...this.data].sort().join('\n');
  }

  info(name: string): string {
    const line = this.replication.infoLines().find((one) => one.startsWith(`${name}:`));
    return line?.slice(name.length + 1) ?? '';
  }

  get replid(): string {
    return this.info('master_replid');
  }

  #log(): Log {
    const line = (text: string): void => {
      this.lines.push(`${this.#world.nowMs} ${text}`);
    };
    return {
      level: 'debug',
      format: 'text',
      debug: line,
      verbose: line,
      notice: line,
      warning: line,
      isEnabled: () => true,
      setRole() {},
      setFile: () => null,
      reopen() {},
      close() {},
    };
  }

  #apply(database: number, words: readonly string[]): void {
    const [name, key = '', value = ''] = words;
    const place = `${database}/${key}`;
    if (name === 'SET') this.data.set(place, value);
    else if (name === 'DEL') this.data.delete(place);
    else if (name === 'INCR') this.data.set(place, String(Number(this.data.get(place) ?? 0) + 1));
    else assert.equal(name, 'PING', `a command of the stream: ${words.join(' ')}`);
  }

  #executor() {
    return {
      openPrimary: (connection: Connection): Client => {
        const id = ++this.#clients;
        const client = new Client({ id, connection, nowMs: this.#world.wallMs() });
        client.kind = 'primary';
        return client;
      },
      closePrimary: (client: Client): void => {
        this.#queues.delete(client);
      },
      reserveValue: () => null,
      beginBatch: () => {},
      endBatch: () => {},
      isInTransaction: (client: Client): boolean => this.#queues.has(client),
      execute: (client: Client, args: Arguments): boolean => {
        assert(!this.isLoading, 'the stream runs while loading');
        const words = Array.from({ length: args.count }, (_, i) => args.text(i));
        this.#execute(client, words);
        return true;
      },
    };
  }

  #execute(client: Client, words: string[]): void {
    const queue = this.#queues.get(client);
    if (words[0] === 'MULTI') {
      this.#queues.set(client, []);
    } else if (words[0] === 'EXEC') {
      this.#queues.delete(client);
      for (const one of queue ?? []) this.#execute(client, one);
    } else if (queue !== undefined) {
      queue.push(words);
    } else if (words[0] === 'SELECT') {
      client.database = Number(words[1]);
    } else {
      this.#apply(client.database, words);
    }
  }

  #dial(): Dial {
    return (target, events) => {
      const end = this.#network.dial({
        from: this.address,
        to: target.host,
        events: {
          onData: (bytes) => events.onData(bytes, 0, bytes.length),
          onClose: () => events.onClose(null),
        },
        onOpen: () => events.onConnect(),
        onRefused: () => events.onClose('Connection refused'),
      });
      return {
        descriptor: -1,
        remoteAddress: `${target.host}:1`,
        localAddress: `${this.address}:2`,
        write: (bytes) => end.write(bytes.slice()),
        pause: () => {
          end.isPaused = true;
        },
        resume: () => end.resume(),
        destroy: () => end.destroy(),
      };
    };
  }

  /** A session: decodes requests and executes the few that replicas send. */
  #accept(end: End): void {
    const connection = new SimConnection(end);
    this.accepted.push(connection);
    const id = ++this.#clients;
    const client = new Client({ id, connection, nowMs: this.#world.wallMs() });
    const decoder = new RequestDecoder();
    let args = new Arguments();
    let buffered = new Uint8Array(0);
    end.events = {
      onClose: () => this.replication.onClientGone(client),
      onData: (bytes) => {
        client.lastInteractionMs = this.#world.wallMs();
        const joined = new Uint8Array(buffered.length + bytes.length);
        joined.set(buffered);
        joined.set(bytes, buffered.length);
        let at = 0;
        for (;;) {
          const result = decoder.next(joined, at, joined.length, args);
          if (result !== REQUEST && result !== NOTHING) break;
          at = decoder.position;
          if (result === REQUEST) {
            this.#serve(client, args);
            args = new Arguments();
          } else if (decoder.isEmptyLine) {
            this.replication.onSignOfLife(client);
          }
        }
        buffered = joined.slice(at);
      },
    };
  }

  #serve(client: Client, args: Arguments): void {
    const words = Array.from({ length: args.count }, (_, i) => args.text(i));
    let answer = '';
    const reply = {
      ok: () => {
        answer += '+OK\r\n';
      },
      aloud: (write: () => void) => write(),
      simple: (text: string) => {
        answer += `+${text}\r\n`;
      },
      error: (text: string) => {
        answer += `-${text}\r\n`;
      },
    };
    const ctx = { client, reply } as unknown as Context;
    const [name, replid, offset] = words;
    if (this.isLoading && name !== 'REPLCONF') reply.error('LOADING Redis is loading the dataset');
    else if (name === 'PING') reply.simple('PONG');
    else if (name === 'REPLCONF') this.replication.onReplconf(ctx, words.slice(1));
    else if (name === 'PSYNC') this.replication.onSync(ctx, { replid, offset: Number(offset) });
    else if (name === 'SYNC') this.replication.onSync(ctx, null);
    else reply.error('ERR unknown command');
    const bytes = latin1(answer);
    if (bytes.length > 0) client.connection.send(bytes);
  }

  #transfer(mark: ReplicationMark, isDiskless: boolean): Transfer {
    const snapshot: Snapshot = { mark, data: [...this.data] };
    const bytes = latin1(JSON.stringify(snapshot));
    return new SimTransfer(this.#world, { mark, bytes, isDiskless });
  }

  #download(): SnapshotDownload {
    let text = '';
    return {
      unwrittenBytes: 0,
      write: (bytes, start, end) => {
        text += latin1Text(bytes, start, end);
      },
      drained: () => Promise.resolve(),
      finish: () => Promise.resolve(),
      load: () => this.#load(text),
      keep: () => Promise.resolve(),
      discard() {},
    };
  }

  #load(text: string): Promise<LoadResult> {
    this.isLoading = true;
    this.data = new Map();
    return new Promise((resolve) => {
      this.#world.after(LOAD_MS, () => {
        this.isLoading = false;
        const { mark, data } = JSON.parse(text) as Snapshot;
        this.data = new Map(data);
        const bytes = text.length;
        resolve({
          ...{ ok: true, keysLoaded: data.length, keysExpired: 0, bytes, seconds: 0, mark },
          failedStreamCommands: 0,
        });
      });
    });
  }
}

/** A snapshot that takes a while to write. */
class SimTransfer implements Transfer {
  readonly mark: ReplicationMark;
  readonly isDiskless: boolean;
  writtenBytes = 0;
  totalBytes = -1;
  readonly done: Transfer['done'];
  readonly #bytes: Uint8Array;
  #wake: (() => void)[] = [];

  constructor(
    world: World,
    options: { mark: ReplicationMark; bytes: Uint8Array; isDiskless: boolean },
  ) {
    this.mark = options.mark;
    this.#bytes = options.bytes;
    this.isDiskless = options.isDiskless;
    const totalBytes = options.bytes.length;
    this.done = new Promise((resolve) => {
      const write = (): void => {
        this.writtenBytes = Math.min(this.writtenBytes + SNAPSHOT_PIECE_BYTES, totalBytes);
        if (this.writtenBytes === totalBytes) {
          this.totalBytes = totalBytes;
          resolve({ ok: true, totalBytes });
        } else {
          world.after(SNAPSHOT_PIECE_MS, write);
        }
        for (const wake of this.#wake.splice(0)) wake();
      };
      world.after(SNAPSHOT_PIECE_MS, write);
    });
  }

  openReader() {
    return {
      read: async (position: number, target: Uint8Array): Promise<number | 'end'> => {
        while (position === this.writtenBytes) {
          if (this.totalBytes === position) return 'end';
          await new Promise<void>((resolve) => this.#wake.push(resolve));
        }
        const count = Math.min(target.length, this.writtenBytes - position);
        target.set(this.#bytes.subarray(position, position + count));
        return count;
      },
      close() {},
    };
  }

  release(): void {}
}
