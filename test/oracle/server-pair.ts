/*
 * Tandem and redis-server side by side, for tests that the tables of harness.ts cannot hold:
 * arguments that are too long, replies that are equal in part. The same request goes to both, and
 * the replies must be the same, or are given to the test.
 */

import assert from 'node:assert/strict';
import { info } from '../helpers/info.js';
import { startRedis } from '../helpers/redis-server.js';
import type { RespClient } from '../helpers/resp-client.js';
import { render } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { startCandidate } from './harness.js';

export type Request = readonly (string | Buffer)[];

/** A request for messages: what is long is given by its length. */
export function describeRequest(request: Request): string {
  return request.map((arg) => (arg.length > 50 ? `<${arg.length}>` : String(arg))).join(' ');
}

/** The bytes that the data of this server take. */
export async function usedBytes(client: RespClient): Promise<number> {
  return Number((await info(client, 'memory')).used_memory_dataset);
}

export class ServerPair {
  readonly #servers: readonly [tandem: ServerProcess, redis: ServerProcess];
  tandem: RespClient;
  redis: RespClient;

  private constructor(
    servers: readonly [ServerProcess, ServerProcess],
    clients: readonly [RespClient, RespClient],
  ) {
    this.#servers = servers;
    [this.tandem, this.redis] = clients;
  }

  static async start(): Promise<ServerPair> {
    const servers = await Promise.all([startCandidate(), startRedis()]);
    const [tandem, redis] = servers;
    return new ServerPair(servers, await Promise.all([tandem.connect(), redis.connect()]));
  }

  get tandemServer(): ServerProcess {
    return this.#servers[0];
  }

  /** Clients of the test's own. */
  async connect(protocol: 2 | 3): Promise<[tandem: RespClient, redis: RespClient]> {
    const [tandem, redis] = this.#servers;
    return await Promise.all([tandem.connect({ protocol }), redis.connect({ protocol })]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop()));
  }

  async both(...request: Request): Promise<void> {
    const [actual, expected] = await Promise.all([
      this.tandem.typed(...request),
      this.redis.typed(...request),
    ]);
    assert.equal(render(actual), render(expected), describeRequest(request));
  }

  /** New clients, and no data: whatever the old clients had sent has no effect any more. */
  async startOver(): Promise<void> {
    for (const client of [this.tandem, this.redis]) client.close();
    const clients = this.#servers.map((server) => server.connect());
    [this.tandem, this.redis] = (await Promise.all(clients)) as [RespClient, RespClient];
    await Promise.all([this.tandem.call('FLUSHALL'), this.redis.call('FLUSHALL')]);
  }

  /** The bytes that data take in Tandem when there are none, all that was flushed being free. */
  async emptyBytes(): Promise<number> {
    await this.tandem.call('SET', 'any', 'thing');
    await this.tandem.call('FLUSHALL');
    await waitFor('the background to be idle', async () => {
      return (await info(this.tandem, 'memory')).lazyfree_pending_objects === '0';
    });
    return await usedBytes(this.tandem);
  }
}
