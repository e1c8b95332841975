/*
 * CONFIG REWRITE of a running server: the file that it leaves, the start from that file, what is
 * answered and logged, and what happens where it cannot be written. The text itself is held by
 * test/unit/config/rewritten-text.test.ts, and against a redis-server by test/oracle/.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { directives } from '../../src/config/directives.js';
import { info } from '../helpers/info.js';
import { freePort } from '../helpers/ports.js';
import { Random, seeds } from '../helpers/random.js';
import { RespClient } from '../helpers/resp-client.js';
import { RespError } from '../helpers/resp-reply.js';
import type { ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { tandemArguments } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { directiveValues } from '../unit/config/directive-values.js';
import { startBare } from './bare-tandem.js';

interface Running {
  readonly server: ServerProcess;
  readonly client: RespClient;
  readonly file: string;
  /** The folder of the file; the server runs in another. */
  readonly folder: string;
}

/** A server that was started with a file of these lines, a port, and further arguments. */
async function start(
  t: TestContext,
  { lines, args = [] }: { lines: readonly string[]; args?: readonly string[] },
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-rewrite-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'tandem.conf');
  const port = await freePort();
  writeFileSync(file, `${[`port ${port}`, 'bind 127.0.0.1', ...lines].join('\n')}\n`);
  const server = await untilTestEnds(startBare({ port, args: [file, ...args] }));
  return { server, client: await server.connect(), file, folder };
}

async function shown(client: RespClient): Promise<Map<string, string>> {
  const reply = await client.call('CONFIG', 'GET', '*');
  assert(Array.isArray(reply));
  const pairs = new Map<string, string>();
  for (let i = 0; i < reply.length; i += 2) pairs.set(String(reply[i]), String(reply[i + 1]));
  return pairs;
}

/** Starts it anew with nothing but its file, and connects. */
async function restart({ server, file }: Running): Promise<RespClient> {
  await server.crashAndRestart([file]);
  return await server.connect();
}

test('after a restart CONFIG GET shows what it showed when the file was rewritten', async (t) => {
  const running = await start(t, {
    lines: ['# mine', 'maxmemory 100mb', 'save 1 1', 'enable-protected-configs yes'],
  });
  const { client, folder } = running;
  const settings = {
    maxmemory: '1gb',
    'maxmemory-policy': 'allkeys-lfu',
    save: '900 1 300 10',
    'client-output-buffer-limit': 'replica 512mb 128mb 30 pubsub 1000 500 5',
    masterauth: 'a "quoted" \\ \xff\x00\n pass',
    'proc-title-template': '{title} {port}',
    'latency-tracking-info-percentiles': '50 99.99',
    'shutdown-on-sigterm': 'nosave now',
    'oom-score-adj-values': '1 2 3',
    'notify-keyspace-events': 'KEA',
    'repl-backlog-size': '20000000',
    'replica-announce-ip': '10.1.1.1',
    'min-slaves-to-write': '1',
    dir: folder,
    dbfilename: 'other name.rdb',
    'maxmemory-clients': '10%',
    loglevel: 'debug',
  };
  const words = Object.entries(settings)
    .flat()
    .map((text) => Buffer.from(text, 'latin1'));
  assert.equal(await client.call('CONFIG', 'SET', ...words), 'OK');
  const before = await shown(client);
  assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
  const again = await restart(running);
  assert.deepEqual(await shown(again), before);
  assert.match(readFileSync(running.file, 'latin1'), /^# mine\nmaxmemory 1gb\nsave 900 1\n/m);
});

test('forced, a line for every directive can be read at a start', async (t) => {
  const running = await start(t, { lines: ['enable-debug-command yes'] });
  const before = await shown(running.client);
  assert.equal(await running.client.call('DEBUG', 'CONFIG-REWRITE-FORCE-ALL'), 'OK');
  assert.match(readFileSync(running.file, 'utf8'), /^hash-max-listpack-entries 512$/m);
  assert.deepEqual(await shown(await restart(running)), before);
});

/** Not at random: they cut the test off, need a file, or ask the machine. */
const notAtRandom = new Set([
  ...['bind', 'port', 'dir', 'requirepass', 'appendonly', 'maxclients', 'timeout', 'maxmemory'],
  ...['bind-source-addr', 'oom-score-adj', 'client-query-buffer-limit', 'dbfilename', 'loglevel'],
]);

for (const seed of seeds(2)) {
  test(`FUZZ_SEED=${seed}: random settings outlive a rewrite and a restart`, async (t) => {
    const random = new Random(seed);
    const { server, client } = await start(t, { lines: ['# mine', 'hz 20', 'save 100 1'] });
    let changed = 0;
    for (const { name, mutable } of directives) {
      if (mutable !== 'yes' || notAtRandom.has(name) || random.chance(0.2)) continue;
      for (let attempts = 0; attempts < 20; attempts++) {
        const reply = await client.call('CONFIG', 'SET', name, random.pick(directiveValues));
        if (reply !== 'OK') continue;
        changed++;
        break;
      }
    }
    assert(changed > 50, `changed ${changed}`);
    const before = await shown(client);
    assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
    await server.crashAndRestart();
    assert.deepEqual(await shown(await server.connect()), before);
  });
}

test('options of the command line end up in the file', async (t) => {
  const args = ['--maxmemory', '3mb', '--save', '', '--requirepass', 'secret word'];
  const running = await start(t, { lines: ['maxmemory 1mb'], args });
  assert.equal(await running.client.call('AUTH', 'secret word'), 'OK');
  assert.equal(await running.client.call('CONFIG', 'REWRITE'), 'OK');
  const lines = readFileSync(running.file, 'utf8').split('\n');
  assert.equal(lines[2], 'maxmemory 3mb');
  const mark = lines.indexOf('# Generated by CONFIG REWRITE');
  assert(lines.indexOf('save ""') > mark && mark > 2);
  assert(lines.indexOf('requirepass "secret word"') > mark);
});

test('options from standard input end up in the file, which has its place in INFO', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-rewrite-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'tandem.conf'), 'bind 127.0.0.1\n');
  const port = await freePort();
  const child = spawn(process.execPath, tandemArguments(['tandem.conf', '-']), {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  child.stdin.end(`port ${port}\ntimeout 77\n`);
  let connected: RespClient | null = null;
  await waitFor('the server to listen', async () => {
    connected = await RespClient.connect({ port }).catch(() => null);
    return connected !== null;
  });
  const client = connected as unknown as RespClient;
  t.after(() => client.close());
  assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
  const text = readFileSync(join(folder, 'tandem.conf'), 'utf8');
  assert.match(text, new RegExp(`^port ${port}$`, 'm'));
  assert.match(text, /^timeout 77$/m);
  assert.equal((await info(client, 'server')).config_file, join(folder, 'tandem.conf'));
});

test('REPLICAOF at run time outlives a restart, in both directions', async (t) => {
  const running = await start(t, { lines: [] });
  const { client } = running;
  assert.equal(await client.call('REPLICAOF', '127.0.0.1', 1), 'OK');
  assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
  assert.match(readFileSync(running.file, 'utf8'), /^replicaof 127\.0\.0\.1 1$/m);
  const replica = await restart(running);
  assert.deepEqual((await info(replica, 'replication')).role, 'slave');
  assert.equal((await info(replica, 'replication')).master_port, '1');
  assert.equal(await replica.call('REPLICAOF', 'NO', 'ONE'), 'OK');
  assert.equal(await replica.call('CONFIG', 'REWRITE'), 'OK');
  assert.doesNotMatch(readFileSync(running.file, 'utf8'), /replicaof/);
  const primary = await restart(running);
  assert.equal((await info(primary, 'replication')).role, 'master');
});

test('a sentinel’s transaction changes the role, the file, and cuts the clients', async (t) => {
  const running = await start(t, { lines: ['replicaof 127.0.0.1 1'] });
  const { client, file } = running;
  const other = await running.server.connect();
  assert.equal(await other.call('PING'), 'PONG');
  const replies = await client.pipeline([
    ['MULTI'],
    ['SLAVEOF', 'NO', 'ONE'],
    ['CONFIG', 'REWRITE'],
    ['CLIENT', 'KILL', 'TYPE', 'normal'],
    ['CLIENT', 'KILL', 'TYPE', 'pubsub'],
    ['EXEC'],
  ]);
  assert.deepEqual(replies.at(-1), ['OK', 'OK', 1, 0]);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /replicaof|slaveof/);
  await other.closed;
});

test('without a file there is nothing to rewrite', async () => {
  const port = await freePort();
  const server = await untilTestEnds(startBare({ port, args: ['--port', String(port)] }));
  const client = await server.connect();
  const reply = await client.call('CONFIG', 'REWRITE');
  assert(reply instanceof RespError);
  assert.equal(reply.text, 'ERR The server is running without a config file');
  assert.equal((await info(client, 'server')).config_file, '');
});

test('a file that has gone is made again', async (t) => {
  const running = await start(t, { lines: ['timeout 5'] });
  rmSync(running.file);
  assert.equal(await running.client.call('CONFIG', 'REWRITE'), 'OK');
  assert.match(readFileSync(running.file, 'utf8'), /^# Generated by CONFIG REWRITE\n/);
  assert.match(readFileSync(running.file, 'utf8'), /^timeout 5$/m);
});

test('what cannot be written is told and logged, and leaves nothing behind', async (t) => {
  const { server, client, file, folder } = await start(t, { lines: [] });
  rmSync(file);
  mkdirSync(file);
  const inTheWay = await client.call('CONFIG', 'REWRITE');
  assert(inTheWay instanceof RespError);
  assert.equal(inTheWay.text, 'ERR Rewriting config file: Is a directory');
  await server.waitForLog('CONFIG REWRITE failed: Is a directory');
  assert.deepEqual(readdirSync(folder), ['tandem.conf']);
  rmSync(folder, { recursive: true });
  const gone = await client.call('CONFIG', 'REWRITE');
  assert(gone instanceof RespError);
  assert.equal(gone.text, 'ERR Rewriting config file: No such file or directory');
  await server.waitForLog('# Could not create tmp config file (No such file or directory)');
});

test('success is logged, and a file that only we may read stays so', async (t) => {
  const { server, client, file, folder } = await start(t, { lines: ['loglevel debug'] });
  chmodSync(file, 0o600);
  assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
  await server.waitForLog('* CONFIG REWRITE executed with success.');
  await server.waitForLog(`. Rewritten config file (${file}) successfully`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['tandem.conf']);
});
