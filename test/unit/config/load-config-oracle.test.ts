/*
 * Command lines and configuration files held against a real redis-server: started with the same
 * arguments in the same folder, it must show the same configuration, or end with the same words on
 * standard error and status 1.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type LoadedConfig, loadConfig } from '../../../src/config/load-config.js';
import { freePort } from '../../helpers/ports.js';
import { skipWithoutRedis } from '../../helpers/redis-server.js';
import { RespClient } from '../../helpers/resp-client.js';
import { waitFor, within } from '../../helpers/wait-for.js';

const skip = skipWithoutRedis;
const command = process.env.ORACLE || 'redis-server';

/** Names to compare; those that the oracle is given to be reachable are left out. */
const names = [
  ...['save', 'timeout', 'maxclients', 'loglevel', 'replicaof', 'hz', 'dir', 'requirepass'],
  ...['client-output-buffer-limit', 'maxmemory', 'tcp-keepalive', 'shutdown-on-sigint'],
  ...['latency-tracking-info-percentiles', 'masterauth', 'unixsocketperm', 'proc-title-template'],
];

const files: Readonly<Record<string, string>> = {
  'a.conf': 'timeout 1\nsave 100 1\nsave 200 2\n  HZ 20 \n# timeout 9\n\nrequirepass "a b\\x41"\n',
  'open.conf': 'timeout 5',
  'include.conf': 'timeout 1\ninclude conf.d/*.conf\ninclude nothing.d/*.conf\ntcp-keepalive 5\n',
  'conf.d/1.conf': 'timeout 2\nmaxclients 50\n',
  'conf.d/2.conf': 'timeout 3\ninclude open.conf\n',
  'conf.d/.3.conf': 'timeout 4\n',
  'empty-save.conf': 'save 1 1\nsave ""\nsave 7 8 9 10\n',
  'deprecated.conf': 'list-max-ziplist-entries 5\nlua-replicate-commands no\nmaxclients 60\n',
  'crlf.conf': 'timeout 6\r\nmaxmemory 5mb\r\n',
  'quotes.conf': "masterauth 'it\\'s'\nproc-title-template \"{title} x\"\n",
  'bad1.conf': 'timeout 1\n\nnosuch 5\n',
  'bad2.conf': 'timeout "1\n',
  'bad3.conf': 'timeout 1 2\n',
  'bad4.conf': 'include bad1.conf\n',
  'bad5.conf': 'save 1\n',
  'bad6.conf': 'timeout 5timeout 6\n',
  'bad7.conf': 'include a b\n',
};

interface Case {
  readonly args: readonly string[];
  readonly stdin?: string;
}

/** `PORT` is a free port. It stands where a real command line could have it. */
const good: readonly Case[] = [
  { args: ['--port', 'PORT'] },
  { args: ['a.conf', '--port', 'PORT'] },
  { args: ['a.conf', '--port', 'PORT', '--save', '300', '3'] },
  { args: ['a.conf', '--port', 'PORT', '--save', ''] },
  { args: ['a.conf', '--port', 'PORT', '--save'] },
  { args: ['--port', 'PORT', '--save', '100', '100', '--timeout', '5'] },
  { args: ['--port', 'PORT', '--save', '100', '100', '--save', '200 200'] },
  { args: ['--save', '--port', 'PORT'] },
  { args: ['--save', '', '--port', 'PORT'] },
  { args: ['--maxclients 77', '--port', 'PORT'] },
  { args: ['--port PORT', '--save 3 4', '--timeout', '5'] },
  { args: ['open.conf', 'maxclients', '70', '--port', 'PORT'] },
  { args: ['include.conf', '--port', 'PORT'] },
  { args: ['--include', 'open.conf', '--include', 'a.conf', '--port', 'PORT'] },
  { args: ['--port', 'PORT', '--include', 'conf.d/1.conf', '--maxclients', '99'] },
  { args: ['empty-save.conf', '--port', 'PORT'] },
  { args: ['deprecated.conf', '--port', 'PORT'] },
  { args: ['crlf.conf', '--port', 'PORT'] },
  { args: ['quotes.conf', '--port', 'PORT'] },
  { args: ['--port', 'PORT', '--requirepass', '--secret'] },
  { args: ['--port', 'PORT', '--requirepass', '--timeout', '--timeout', '3'] },
  { args: ['--port', 'PORT', '--masterauth', 'a "b" c\\'] },
  { args: ['--port', 'PORT', '--replicaof', '127.0.0.1', '1'] },
  { args: ['--port', 'PORT', '--replicaof', '127.0.0.1 1'] },
  { args: ['--port', 'PORT', '--slaveof', 'no', 'one'] },
  { args: ['--port', 'PORT', '--SLAVEOF', '::1', '2', '--replicaof no one'] },
  { args: ['--port', 'PORT', '--shutdown-on-sigint', 'nosave force now'] },
  { args: ['--port', 'PORT', '--shutdown-on-sigint', 'nosave', 'force'] },
  { args: ['--port', 'PORT', '--client-output-buffer-limit', 'slave', '1mb', '2mb', '3'] },
  { args: ['--port', 'PORT', '--latency-tracking-info-percentiles', ''] },
  { args: ['--port', 'PORT', '--unixsocketperm', '700'] },
  { args: ['--port', 'PORT', '--dir', 'conf.d', '--include', '1.conf'] },
  { args: ['--hz', '0', '--port', 'PORT'] },
  { args: ['-'], stdin: 'timeout 8\nport PORT\n' },
  { args: ['-', '--port', 'PORT'], stdin: 'timeout 8' },
  { args: ['--port', 'PORT', '--timeout', '9', '-'], stdin: 'timeout 8\nmaxclients 80\n' },
  { args: ['open.conf', '--port', 'PORT', '-'], stdin: '\ntimeout 8\n' },
];

const bad: readonly Case[] = [
  { args: ['--nosuch', '1'] },
  { args: ['bad1.conf'] },
  { args: ['bad2.conf'] },
  { args: ['bad3.conf', '--port', '1'] },
  { args: ['bad5.conf'] },
  { args: ['bad6.conf'] },
  { args: ['bad7.conf'] },
  { args: ['a.conf', '--timeout', 'x'] },
  { args: ['open.conf', '-'], stdin: 'timeout 6\n' },
  { args: ['--port'] },
  { args: ['--port', '--timeout', '5'] },
  { args: ['--port', '1', '2'] },
  { args: ['--port', '65536'] },
  { args: ['--maxmemory', '1x'] },
  { args: ['--unixsocketperm', '999'] },
  { args: ['--unixsocketperm', '1000'] },
  { args: ['--databases', '0'] },
  { args: ['--save', '1'] },
  { args: ['--replicaof', 'a'] },
  { args: ['--replicaof', 'a', 'b'] },
  { args: ['--dbfilename', 'a/b'] },
  { args: ['--appendfilename', ''] },
  { args: ['--dir', 'nowhere'] },
  { args: ['--dir', 'a.conf'] },
  { args: ['--logfile', 'nowhere/log'] },
  { args: ['--requirepass'] },
  { args: ['--"port', '1'] },
  { args: ['--timeout', '5', '-x'] },
  { args: ['-x'] },
  { args: ['---port', '1'] },
  { args: ['--port', '0', 'x', 'y'] },
  { args: ['--rename-command', 'a'] },
  { args: ['--client-output-buffer-limit', 'slave', '1'] },
  { args: ['--shutdown-on-sigterm', 'save nosave'] },
];

const folder = mkdtempSync(join(tmpdir(), 'tandem-config-'));
for (const [name, text] of Object.entries(files)) {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** What we make of it, in the same folder; loading may leave it. */
function loadOurs(args: readonly string[], stdin: string): LoadedConfig {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return loadConfig({ args, readStandardInput: () => stdin });
  } finally {
    process.chdir(before);
  }
}

for (const { args, stdin = '' } of good) {
  const title = `${args.join(' ')}${stdin === '' ? '' : ` < ${JSON.stringify(stdin)}`}`;
  test(`as redis-server reads it: ${title}`, { skip }, async (t) => {
    const port = await freePort();
    const fill = (text: string) => text.replace('PORT', String(port));
    const filled = args.map(fill);
    const child = spawn(command, filled, { cwd: folder, stdio: ['pipe', 'ignore', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    child.stdin.end(fill(stdin));
    let client: RespClient | null = null;
    await waitFor('redis-server to listen', async () => {
      client = await RespClient.connect({ port }).catch(() => null);
      return client !== null;
    });
    assert(client !== null);
    const theirs = await askConfig(client, filled);
    const ours = loadOurs(filled, fill(stdin));
    assert('config' in ours, 'fatal' in ours ? ours.fatal : '');
    assert.deepEqual(names.flatMap((name) => ours.config.get([name])).flat(), theirs);
  });
}

async function askConfig(client: RespClient, args: readonly string[]): Promise<string[]> {
  const passwords = ['a bA', ...args];
  for (const password of passwords) await client.call('AUTH', password);
  const pairs: string[] = [];
  for (const name of names) {
    const reply = await client.call('CONFIG', 'GET', name);
    assert(Array.isArray(reply), `CONFIG GET ${name}: ${reply}`);
    pairs.push(...reply.map(String));
  }
  client.close();
  return pairs;
}

for (const { args, stdin = '' } of bad) {
  test(`refused as by redis-server: ${args.join(' ')}`, { skip }, async (t) => {
    const child = spawn(command, args, { cwd: folder, stdio: ['pipe', 'ignore', 'pipe'] });
    t.after(() => child.kill('SIGKILL'));
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
    let theirs = '';
    child.stderr.on('data', (chunk: Buffer) => {
      theirs += chunk.toString('latin1');
    });
    const [status] = await within('redis-server to end', once(child, 'close'), 10_000);
    assert.equal(status, 1);
    const ours = loadOurs(args, stdin);
    assert('fatal' in ours);
    assert.equal(ours.fatal, theirs.replace(/\(Redis [0-9.]+\)/, '(Redis 7.2.4)'));
  });
}
