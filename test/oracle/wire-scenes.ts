/*
 * Scenes of several connections of which every byte that each receives must be the same on Tandem
 * and on a redis-server, in RESP2 and RESP3: for what tables of single replies cannot show, replies
 * that are left out, that come unasked, or after which the connection ends.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  isVersionAtLeast,
  redisVersion,
  skipWithoutRedis,
  startRedis,
} from '../helpers/redis-server.js';
import { encodeRequest } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { splitCommandLine } from './command-line.js';
import { startCandidate } from './harness.js';

export interface Step {
  /** The connection that sends; it is opened at its first step. */
  readonly by: string;
  /** Command lines, sent in one write. `{id:b}` stands for the id of connection b. */
  readonly send: readonly string[];
  /** Bytes sent behind them, as they are. */
  readonly raw?: string;
  /**
   * What must have come before the next step, of new bytes: this text; the reply to an ECHO that is
   * sent behind the rest (the default); the end of the connection; or nothing.
   */
  readonly until?: string | typeof MARK | typeof ENDED | typeof NOTHING;
  /** The connection that this is awaited on, where it is not the sender's. */
  readonly on?: string;
}

export const MARK = Symbol('mark');
export const ENDED = Symbol('ended');
export const NOTHING = Symbol('nothing');

export interface Scene {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly protocols?: readonly (2 | 3)[];
  /** Whose bytes must be the same; default: everybody's. */
  readonly compares?: readonly string[];
  /** Older oracles are not asked. */
  readonly since?: '7.2';
}

/** A connection, and every byte that has come. */
class Listener {
  readonly socket: Socket;
  id = '';
  received = '';
  hasEnded = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.hasEnded = true;
    });
  }

  static async open(server: ServerProcess, protocol: 2 | 3): Promise<Listener> {
    const socket = connect({ port: server.port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const listener = new Listener(socket);
    listener.send([`HELLO ${protocol}`, 'CLIENT ID', 'ECHO opened']);
    await waitFor('HELLO', () => listener.received.endsWith('$6\r\nopened\r\n'));
    listener.id = /:(\d+)\r\n\$6\r\nopened/.exec(listener.received)?.[1] ?? '';
    listener.received = '';
    return listener;
  }

  send(lines: readonly string[], raw = ''): void {
    const requests = lines.map((line) => encodeRequest(splitCommandLine(line)));
    this.socket.write(Buffer.concat([...requests, Buffer.from(raw, 'latin1')]));
  }
}

/** Registers a suite: one test for each scene and protocol, all on one pair of servers. */
export function wireSuite(name: string, scenes: readonly Scene[]): void {
  describe(`oracle: ${name}`, { skip: skipWithoutRedis }, () => {
    let servers: ServerProcess[] = [];
    before(async () => {
      servers = await Promise.all([startCandidate(), startRedis()]);
    });
    after(async () => {
      await Promise.all(servers.map((server) => server.stop()));
    });
    for (const scene of scenes) {
      if (scene.since && !isVersionAtLeast(redisVersion ?? '0', scene.since)) continue;
      for (const protocol of scene.protocols ?? ([2, 3] as const)) {
        test(`${scene.name} (RESP${protocol})`, async () => {
          const plays = servers.map((server) => play(scene, server, protocol));
          const [tandem, redis] = await Promise.all(plays);
          assert.ok(tandem && redis);
          // Monitors may have yet to receive what others were answered long ago.
          await waitFor('the same', () => isDeepStrictEqual(tandem.seen(), redis.seen())).catch(
            () => assert.deepEqual(tandem.seen(), redis.seen()),
          );
          for (const { close } of [tandem, redis]) close();
        });
      }
    }
  });
}

interface Played {
  /** What each connection has received by now, and whether it has ended. */
  readonly seen: () => Record<string, readonly string[]>;
  readonly close: () => void;
}

async function play(
  { compares, steps }: Scene,
  server: ServerProcess,
  protocol: 2 | 3,
): Promise<Played> {
  const listeners = new Map<string, Listener>();
  const open = async (name: string): Promise<Listener> => {
    const listener = listeners.get(name) ?? (await Listener.open(server, protocol));
    listeners.set(name, listener);
    return listener;
  };
  const close = (): void => {
    for (const { socket } of listeners.values()) socket.destroy();
  };
  try {
    for (const step of steps) for (const name of [step.by, step.on ?? step.by]) await open(name);
    for (const [index, step] of steps.entries()) {
      const heard = await open(step.on ?? step.by);
      const idOf = (_: string, name: string) => listeners.get(name)?.id ?? '';
      const lines = step.send.map((line) => line.replace(/\{id:(\w+)\}/g, idOf));
      await perform({ ...step, send: lines }, { index, sender: await open(step.by), heard });
    }
  } catch (error) {
    close();
    throw error;
  }
  const seen = (): Record<string, readonly string[]> => {
    const compared = [...listeners].filter(([name]) => compares?.includes(name) ?? true);
    const all = compared.map(([name, { received, hasEnded }]) => {
      return [name, [...comparable(received).split('\r\n'), hasEnded ? 'ended' : 'open']];
    });
    return Object.fromEntries(all);
  };
  return { seen, close };
}

async function perform(
  { send, raw, until = MARK }: Step,
  { index, sender, heard }: { index: number; sender: Listener; heard: Listener },
): Promise<void> {
  const mark = `mark-${index}`;
  const from = heard.received.length;
  sender.send(until === MARK ? [...send, `ECHO ${mark}`] : send, raw);
  if (until === NOTHING) return;
  const text = until === MARK ? `${mark}\r\n` : until;
  const isThere = (): boolean =>
    text === ENDED ? heard.hasEnded : heard.received.includes(text as string, from);
  await waitFor(`step ${index + 1}, ${send.join('; ')}`, isThere).catch((error: Error) => {
    throw new Error(`${error.message}; it received ${JSON.stringify(heard.received)}`);
  });
}

/** Without what differs between any two servers: times, addresses and ids. */
function comparable(received: string): string {
  return received
    .replace(/^\+\d{10}\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\]/gm, '+<time> [$1 <address>]')
    .replace(/ id=\d+ | addr=\S+| laddr=\S+/g, '');
}
