/*
 * What CLIENT LIST and CLIENT INFO say about clients in every state, and whom CLIENT KILL ends,
 * against redis-server: scenes of three connections whose lines, without what is a server's own
 * (addresses, sizes, times), must be the same on both.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { encodeRequest, type RespClient } from '../helpers/resp-client.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { waitFor } from '../helpers/wait-for.js';
import { splitCommandLine } from './command-line.js';
import { startCandidate } from './harness.js';

/**
 * `<connection> <command line>`; `?` behind the connection: its reply is not waited for. `{id:b}`,
 * `{addr:b}` and `{laddr:b}` stand for what b's line says.
 */
type Line = string;

interface Scene {
  readonly name: string;
  readonly lines: readonly Line[];
  /** Connections that must have ended. */
  readonly ended?: readonly string[];
}

const scenes: readonly Scene[] = [
  { name: 'nobody has done anything', lines: [] },
  {
    name: 'names, databases, versions of the protocol, eviction',
    lines: ['a SELECT 3', 'b HELLO 3', 'b CLIENT NO-EVICT on', 'c SELECT 15', 'c CLIENT GETNAME'],
  },
  {
    name: 'a queue that grows, and one that has an error',
    lines: ['b MULTI', 'b SET k 1', 'b GET k', 'c MULTI', 'c NOSUCH', 'c GET k'],
  },
  {
    name: 'after EXEC and DISCARD',
    lines: ['b MULTI', 'b SET k 1', 'b EXEC', 'c MULTI', 'c DISCARD'],
  },
  {
    name: 'CLIENT INFO and LIST inside EXEC',
    lines: ['b MULTI', 'b CLIENT INFO', 'b CLIENT LIST', 'b GET k', 'b EXEC'],
  },
  { name: 'a watched key that has changed', lines: ['b WATCH k', 'c SET k 1', 'b MULTI'] },
  {
    name: 'what is queued after a watched key has changed takes no place',
    lines: ['b WATCH k', 'b MULTI', 'b GET k', 'c SET k 1', 'b SET x 1', 'b GET x'],
  },
  { name: 'a client that waits', lines: ['b? WAIT 1 0'] },
  { name: 'a paused client', lines: ['a CLIENT PAUSE 100000 WRITE', 'b? SET k 1'] },
  {
    name: 'the last command was none',
    lines: ['b GET k', 'b CLIENT NOSUCH', 'c GET k', 'c NOSUCH'],
  },
  { name: 'subcommands and unknown commands', lines: ['b CONFIG GET hz', 'c NOSUCH', 'c GET'] },
  {
    name: 'a monitor, one that subscribes, and the types they count as',
    lines: [
      ...['b MONITOR', 'c MONITOR', 'c SUBSCRIBE x'],
      ...['a CLIENT LIST TYPE normal', 'a CLIENT LIST TYPE pubsub', 'a CLIENT LIST TYPE replica'],
    ],
  },
  {
    name: 'output that waits for the end of a turn is not waited for',
    lines: ['b SUBSCRIBE x', 'a MULTI', 'a PUBLISH x message', 'a CLIENT LIST', 'a EXEC'],
  },
  {
    name: 'RESET of a monitor, and of one that wants no replies',
    lines: [
      ...['b MONITOR', 'b RESET', 'b CLIENT SETNAME b'],
      ...['c MULTI', 'c CLIENT REPLY OFF', 'c RESET', 'c CLIENT SETNAME c'],
    ],
  },
  {
    name: 'KILL TYPE normal ends monitors',
    lines: ['b MONITOR', 'a CLIENT KILL TYPE normal'],
    ended: ['b', 'c'],
  },
  { name: 'RESET', lines: ['b SELECT 4', 'b MULTI', 'b CLIENT NO-EVICT on', 'b RESET'] },
  { name: 'CLIENT LIST ID with several', lines: ['a CLIENT LIST ID {id:b} {id:c} 999999'] },
  { name: 'QUIT', lines: ['b QUIT', 'c MULTI', 'c QUIT'], ended: ['b', 'c'] },
  { name: 'CLIENT LIST TYPE normal', lines: ['a CLIENT LIST TYPE normal'] },
  { name: 'KILL ID', lines: ['a CLIENT KILL ID {id:b}'], ended: ['b'] },
  { name: 'KILL with an address alone', lines: ['a CLIENT KILL {addr:b}'], ended: ['b'] },
  { name: 'KILL ADDR', lines: ['a CLIENT KILL ADDR {addr:c}'], ended: ['c'] },
  {
    name: 'KILL LADDR spares the caller',
    lines: ['a CLIENT KILL LADDR {laddr:b}'],
    ended: ['b', 'c'],
  },
  {
    name: 'KILL TYPE normal spares the caller',
    lines: ['a CLIENT KILL TYPE normal'],
    ended: ['b', 'c'],
  },
  { name: 'KILL USER default', lines: ['a CLIENT KILL USER default'], ended: ['b', 'c'] },
  {
    name: 'KILL where every filter must match',
    lines: [
      'a CLIENT KILL ID {id:b} ADDR {addr:c}',
      'a CLIENT KILL ID {id:b} ADDR {addr:b} TYPE normal',
    ],
    ended: ['b'],
  },
  {
    name: 'KILL of oneself answers first',
    lines: ['a CLIENT KILL ID {id:a} SKIPME no'],
    ended: ['a'],
  },
  { name: 'KILL of oneself is skipped', lines: ['a CLIENT KILL ID {id:a}'] },
  {
    name: 'KILL inside EXEC',
    lines: ['a MULTI', 'a CLIENT KILL ID {id:b}', 'a PING', 'a EXEC'],
    ended: ['b'],
  },
];

describe('oracle: lines of clients', { skip: skipWithoutRedis }, () => {
  let servers: ServerProcess[] = [];
  before(async () => {
    servers = await Promise.all([startCandidate(), startRedis()]);
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  for (const scene of scenes) {
    test(scene.name, async () => {
      const [tandem, redis] = await Promise.all(servers.map((server) => play(scene, server)));
      assert.deepEqual(tandem, redis);
    });
  }
});

for (const [name, start, skip] of [
  ['redis-server', startRedis, skipWithoutRedis],
  ['this server', startCandidate, false],
] as const) {
  test(`${name}: who does not read is waited for`, { skip }, async () => {
    const server = await untilTestEnds(start());
    const client = await server.connect();
    await client.call('CLIENT', 'SETNAME', 'slow');
    await client.call('SETRANGE', 'k', 64 * 1024 * 1024, 'x');
    client.socket.pause();
    client.raw(encodeRequest(['GET', 'k']));
    await waitFor('it to be seen', async () => / name=slow .* events=rw /.test(await look(server)));
  });
}

/** Replies and, at the end, a look from outside, in comparable form. */
async function play({ lines, ended = [] }: Scene, server: ServerProcess): Promise<string[]> {
  const clients = new Map<string, RespClient>();
  for (const name of ['a', 'b', 'c']) {
    const client = await server.connect();
    await client.call('CLIENT', 'SETNAME', name);
    clients.set(name, client);
  }
  const seen: string[] = [];
  for (const line of lines) seen.push(await send(line, clients, server));
  for (const name of ended) {
    await waitFor(`the end of ${name}`, () => clients.get(name)?.isClosed === true);
  }
  seen.push(comparable(await look(server)));
  await look(server, 'UNPAUSE');
  for (const client of clients.values()) client.close();
  await waitFor('nobody is left', async () => (await look(server)).trim().split('\n').length === 1);
  return seen;
}

/** From a connection of its own: the scene's may be ended, and end others. */
async function look(server: ServerProcess, subcommand = 'LIST'): Promise<string> {
  const watcher = await server.connect();
  const text = String(await watcher.call('CLIENT', subcommand));
  watcher.close();
  return text;
}

async function send(
  line: Line,
  clients: Map<string, RespClient>,
  server: ServerProcess,
): Promise<string> {
  const [, name = '', unanswered = '', command = ''] = /^(\w)(\??) (.*)$/.exec(line) ?? [];
  const client = clients.get(name);
  assert.ok(client, line);
  const list = await look(server);
  const filled = command.replace(/\{(\w+):(\w)\}/g, (_, token: string, whose: string) => {
    const found = list.split('\n').find((one) => one.includes(` name=${whose} `)) ?? '';
    return new RegExp(`(?:^| )${token}=(\\S+)`).exec(found)?.[1] ?? '';
  });
  const reply = client.call(...splitCommandLine(filled));
  if (unanswered === '') return comparable(await reply);
  reply.catch(() => {});
  await waitFor(`${line} to be blocked`, async () =>
    new RegExp(` name=${name} .*flags=\\w*b`).test(await look(server)),
  );
  return 'blocked';
}

/** A reply without what differs between any two servers; lines of clients by their names. */
function comparable(reply: unknown): string {
  const text = typeof reply === 'string' ? reply : JSON.stringify(reply).replaceAll('\\n', '\n');
  return text
    .replace(/\b(id|addr|laddr|fd|age|idle|[\w-]*mem|qbuf[\w-]*|rb[sp]|obl|oll)=\S*/g, '$1')
    .replace(/ lib-\w+=[^\s"]*/g, '')
    .replace(/ proto_ver=\S*|"id",\d+|"version","[^"]*"/g, '')
    .split('\n')
    .sort((one, other) => (nameIn(one) < nameIn(other) ? -1 : 1))
    .join('\n');
}

function nameIn(line: string): string {
  return / name=(\w*) /.exec(line)?.[1] ?? '';
}
