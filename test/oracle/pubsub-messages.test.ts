/*
 * What subscribers receive, byte for byte, against redis-server: a few connections do something in
 * turn, and all that each of them has received is compared. After every step each connection sends
 * a PING with a mark of its own, and the next step waits for all marks: so the order among the
 * bytes of one connection is part of what is compared.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  isVersionAtLeast,
  redisVersion,
  skipWithoutRedis,
  startRedis,
} from '../helpers/redis-server.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { waitFor } from '../helpers/wait-for.js';
import { startCandidate } from './harness.js';

interface Scenario {
  readonly name: string;
  /** `connection: lines`, separated by `;` and sent with one write. */
  readonly steps: readonly string[];
  /** The first Redis version that answers so; an older one is not asked. */
  readonly since?: '7.2';
  /** What connection `a` receives, without the marks. */
  readonly expect?: string;
}

/** Connections whose name ends in 3 speak RESP3. */
const scenarios: readonly Scenario[] = [
  {
    name: 'subscribing, messages, unsubscribing',
    steps: [
      'a: SUBSCRIBE one two one',
      'a3: SUBSCRIBE one',
      'b: PUBLISH one hello',
      'b: PUBLISH two "\\x00\\r\\n\\xff"',
      'b: PUBLISH two ""; PUBLISH one a; PUBLISH one b; PUBLISH none c',
      'a: UNSUBSCRIBE two',
      'a3: UNSUBSCRIBE none',
      'b: PUBLISH one again; PUBLISH two again',
      'a: UNSUBSCRIBE',
      'a3: UNSUBSCRIBE',
      'b: PUBLISH one nobody; PUBLISH two nobody',
    ],
  },
  {
    name: 'patterns: once for each that matches, after the channel itself',
    steps: [
      'a: PSUBSCRIBE n*; SUBSCRIBE news',
      'a3: SUBSCRIBE news; PSUBSCRIBE n?ws',
      'b: PUBLISH news hello; PUBLISH nows hello; PUBLISH "" hello; PUBLISH NEWS hello',
      'c: PSUBSCRIBE *',
      'b: PUBLISH news hello; PUBLISH "" empty',
      'a: PUNSUBSCRIBE n*; PUNSUBSCRIBE; UNSUBSCRIBE',
      'a3: PUNSUBSCRIBE',
      'b: PUBLISH news last',
    ],
  },
  {
    name: 'RESET and QUIT end subscriptions without a word',
    steps: [
      'a: SUBSCRIBE x; PSUBSCRIBE y*; RESET',
      'a3: SUBSCRIBE x; PSUBSCRIBE y*; RESET',
      'b: PUBLISH x m; PUBLISH yy m; PUBSUB CHANNELS; PUBSUB NUMPAT',
      'a: GET k',
    ],
  },
  {
    name: 'a RESP3 subscriber runs any command; HELLO 2 makes it a RESP2 one',
    steps: [
      'a3: SUBSCRIBE x; GET k; SET k v; PING; PING text; PUBLISH other m',
      'b: PUBLISH x m',
      'a3: HELLO 2 SETNAME n; GET k; PING',
      'b: PUBLISH x m',
    ],
  },
  {
    name: 'inside MULTI',
    steps: [
      'a: MULTI; SUBSCRIBE x y; PSUBSCRIBE z*; PING; GET k; EXEC',
      'a3: MULTI; SUBSCRIBE x; PING; UNSUBSCRIBE; UNSUBSCRIBE; EXEC',
      'b: MULTI; PUBLISH x one; SET k v; PUBLISH x two; PUBSUB NUMSUB x; EXEC',
      'a: UNSUBSCRIBE x; GET k',
    ],
  },
  {
    name: 'who publishes to himself reads the reply first',
    since: '7.2',
    steps: ['a3: SUBSCRIBE x; PSUBSCRIBE x*; PUBLISH x m; PUBLISH x n; GET none'],
    expect:
      '>3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n>3\r\n$10\r\npsubscribe\r\n$2\r\nx*\r\n:2\r\n' +
      ['m', 'n']
        .map(
          (text) =>
            `:2\r\n>3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\n${text}\r\n` +
            `>4\r\n$8\r\npmessage\r\n$2\r\nx*\r\n$1\r\nx\r\n$1\r\n${text}\r\n`,
        )
        .join('') +
      '_\r\n',
  },
  {
    name: 'messages of a transaction to its own client follow the whole reply of EXEC',
    since: '7.2',
    steps: ['a: MULTI; SUBSCRIBE x; PUBLISH x m; PING; EXEC'],
    expect:
      '+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n' +
      ':1\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n*3\r\n$7\r\nmessage\r\n$1\r\nx\r\n$1\r\nm\r\n',
  },
  {
    name: 'an order kept among many short messages and long ones',
    steps: [
      'a: SUBSCRIBE x; PSUBSCRIBE *',
      'a3: SUBSCRIBE x',
      `b: ${Array.from({ length: 50 }, (_, i) => `PUBLISH x ${i}`).join('; ')}`,
      `b: PUBLISH x short; PUBLISH x ${'l'.repeat(40_000)}; PUBLISH x ${'m'.repeat(3000)}`,
      `b: ${Array.from({ length: 30 }, (_, i) => `PUBLISH x ${String(i).repeat(500)}`).join('; ')}`,
    ],
  },
];

class Peer {
  readonly #socket: Socket;
  #text = '';

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
    });
  }

  static async connect(port: number, isThree: boolean): Promise<Peer> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const peer = new Peer(socket);
    if (!isThree) return peer;
    peer.send('HELLO 3');
    await waitFor('HELLO', () => peer.#text.endsWith('modules\r\n*0\r\n'));
    peer.#text = '';
    return peer;
  }

  send(lines: string): void {
    const bytes = lines.split('; ').join('\r\n');
    this.#socket.write(`${bytes}\r\n`, 'latin1');
  }

  async mark(name: string): Promise<void> {
    this.send(`PING ${name}`);
    await waitFor(name, () => this.#text.includes(`${name}\r\n`));
  }

  get received(): string {
    return this.#text;
  }

  /** Without what marks were answered. */
  get unmarked(): string {
    return this.#text.replace(/(?:\*2\r\n\$4\r\npong\r\n)?\$\d+\r\nmark-\d+\r\n/g, '');
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function play(server: ServerProcess, { steps }: Scenario): Promise<Map<string, Peer>> {
  const peers = new Map<string, Peer>();
  for (const [index, step] of steps.entries()) {
    const [, name = '', lines = ''] = /^(\w+): (.*)$/s.exec(step) ?? [];
    let peer = peers.get(name);
    if (peer === undefined) {
      peer = await Peer.connect(server.port, name.endsWith('3'));
      peers.set(name, peer);
    }
    peer.send(lines);
    await peer.mark(`mark-${index}`);
    for (const other of peers.values()) if (other !== peer) await other.mark(`mark-${index}`);
  }
  for (const peer of peers.values()) peer.close();
  return peers;
}

describe('oracle: messages', { skip: skipWithoutRedis }, () => {
  let tandem: ServerProcess;
  let redis: ServerProcess;
  before(async () => {
    [tandem, redis] = await Promise.all([startCandidate(), startRedis()]);
  });
  after(async () => {
    await Promise.all([tandem?.stop(), redis?.stop()]);
  });

  for (const scenario of scenarios) {
    test(scenario.name, async () => {
      const ours = await play(tandem, scenario);
      const { since, expect } = scenario;
      if (expect !== undefined) {
        const [first] = ours.values();
        assert.equal(first?.unmarked, expect);
      }
      if (since !== undefined && !isVersionAtLeast(redisVersion ?? '0', since)) return;
      const theirs = await play(redis, scenario);
      for (const [name, peer] of theirs) {
        assert.equal(withoutIds(ours.get(name)), withoutIds(peer), name);
      }
    });
  }
});

/** HELLO tells of an id and a version of the server. */
function withoutIds(peer: Peer | undefined): string {
  const text = peer?.received ?? '';
  return text.replace(/\$2\r\nid\r\n:\d+/, 'id').replace(/\$7\r\nversion\r\n\$\d+\r\n[\d.]+/, '');
}
