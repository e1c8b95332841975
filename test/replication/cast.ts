/*
 * The cast of the replication tests: either program in either role, a client that writes without
 * end, and the questions every test asks (who is in sync, which resyncs were given).
 */

import assert from 'node:assert/strict';
import { DumpWriter } from '../../src/persistence/rdb/dump-payload.js';
import { latin1, latin1Text } from '../../src/structures/bytes.js';
import { waitUntilInSync } from '../helpers/digest.js';
import { info } from '../helpers/info.js';
import { seededRandom } from '../helpers/random.js';
import { startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import type { ServerOptions, ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';

export type Kind = 'tandem' | 'redis';

/** A primary and its replica, at least one of them ours. */
export const pairs: readonly (readonly [primary: Kind, replica: Kind])[] = [
  ['tandem', 'tandem'],
  ['tandem', 'redis'],
  ['redis', 'tandem'],
];

/** A running server with one connection to it. */
export interface Actor {
  readonly kind: Kind;
  readonly server: ServerProcess;
  client: RespClient;
}

/**
 * More than any test writes: a replica whose link is cut again and again falls behind for as long
 * as that goes on, and with the default of 1 MB a fast writer would rightly cost it a full sync.
 */
export const AMPLE_BACKLOG = ['--repl-backlog-size', '256mb'];

/** Starts a server that is stopped when the test ends, and with it what is connected to it. */
export async function start(kind: Kind, options: ServerOptions = {}): Promise<Actor> {
  const starting = kind === 'tandem' ? startTandem(options) : startRedis(options);
  const server = await untilTestEnds(starting);
  return { kind, server, client: await server.connect() };
}

/** kill -9 and a new start; connects again. */
export async function crashAndRestart(actor: Actor): Promise<void> {
  await actor.server.crashAndRestart();
  actor.client = await actor.server.connect();
}

/** Makes `replica` follow the server at `port`. */
export async function follow(replica: Actor, port: number): Promise<void> {
  assert.equal(await replica.client.call('REPLICAOF', '127.0.0.1', port), 'OK');
}

export async function waitForLink(replica: Actor): Promise<void> {
  await waitFor(
    `${replica.server.name} to be linked`,
    async () => (await info(replica.client, 'replication')).master_link_status === 'up',
    { timeoutMs: 20_000 },
  );
}

export interface Syncs {
  readonly full: number;
  readonly partial: number;
  readonly refused: number;
}

/** Resyncs that this server has given to its replicas. */
export async function syncs({ client }: Actor): Promise<Syncs> {
  const fields = await info(client, 'stats');
  return {
    full: Number(fields.sync_full),
    partial: Number(fields.sync_partial_ok),
    refused: Number(fields.sync_partial_err),
  };
}

/** All have the primary's data once its writes have ended. */
export async function assertInSync(primary: Actor, ...replicas: Actor[]): Promise<void> {
  for (const replica of replicas) {
    try {
      await waitUntilInSync(primary.client, replica.client, 30_000);
    } catch (error) {
      const logs = [primary, replica].map(({ server }) => server.log.slice(-3000)).join('\n---\n');
      throw new Error(`${(error as Error).message}\nlogs of primary and replica:\n${logs}`);
    }
  }
}

const dumps = new DumpWriter(true);

function dumped(value: string): string {
  return latin1Text(dumps.write(latin1(value)));
}

/** Writes of all kinds that travel, seeded; databases 0 to 3, some in MULTI, some large. */
export function someWrites(random: () => number, count: number): string[][] {
  const pick = (n: number): number => Math.floor(random() * n);
  const key = (): string => `k${pick(60)}`;
  const value = (): string => 'v'.repeat(pick(random() < 0.05 ? 5000 : 60));
  const writes: (() => string[])[] = [
    () => ['SET', key(), value()],
    () => ['SET', key(), value(), 'EX', String(1000 + pick(1000))],
    () => ['SET', key(), String(pick(1000))],
    () => ['APPEND', key(), value()],
    () => ['SETRANGE', key(), String(pick(100)), value()],
    () => ['MSET', key(), value(), key(), value()],
    () => ['SETBIT', key(), String(pick(500)), String(pick(2))],
    () => ['BITFIELD', key(), 'OVERFLOW', 'SAT', 'INCRBY', 'i9', `#${pick(40)}`, '200'],
    () => ['BITOP', 'XOR', key(), key(), key()],
    () => ['INCR', `n${pick(10)}`],
    () => ['INCRBYFLOAT', `f${pick(10)}`, '0.25'],
    () => ['DEL', key(), key()],
    () => ['GETDEL', key()],
    () => ['EXPIRE', key(), String(1000 + pick(1000))],
    () => ['PERSIST', key()],
    () => ['RENAMENX', key(), key()],
    () => ['GETEX', key(), 'PX', '1000000'],
    () => ['COPY', key(), key(), 'DB', String(pick(4)), 'REPLACE'],
    () => ['MOVE', key(), String(pick(4))],
    () => ['RESTORE', key(), String(pick(2) * 1_000_000), dumped(value()), 'REPLACE'],
    () => ['RESTORE', key(), '1', dumped(value()), 'REPLACE', 'ABSTTL'],
  ];
  const commands: string[][] = [];
  while (commands.length < count) {
    if (random() < 0.1) commands.push(['SELECT', String(pick(4))]);
    if (random() < 0.1) {
      commands.push(['MULTI'], writes[pick(writes.length)](), ['INCR', 'tx'], ['EXEC']);
    } else {
      commands.push(writes[pick(writes.length)]());
    }
  }
  return commands;
}

/** Writes to a server until stopped, in pipelines, on a connection of its own. */
export class Writer {
  readonly #random: () => number;
  readonly #client: RespClient;
  #isStopped = false;
  readonly #done: Promise<void>;
  count = 0;

  private constructor(client: RespClient, seed: number) {
    this.#client = client;
    this.#random = seededRandom(seed);
    this.#done = this.#run();
  }

  static async start(actor: Actor, seed = 1): Promise<Writer> {
    return new Writer(await actor.server.connect(), seed);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done;
    this.#client.close();
  }

  /** Until so many commands more have been executed. */
  async waitForMore(count: number): Promise<void> {
    const wanted = this.count + count;
    await waitFor(`${count} more writes`, () => this.count >= wanted || this.#isStopped);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped && !this.#client.isClosed) {
      const commands = someWrites(this.#random, 20);
      try {
        this.count += (await this.#client.pipeline(commands)).length;
      } catch {
        // The server was killed: that is what the test is about.
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}
