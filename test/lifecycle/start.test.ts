/*
 * From the command line to the first log lines: where configuration comes from, what is refused and
 * how, and the lines that supervisors and tools wait for.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { info } from '../helpers/info.js';
import { freePort } from '../helpers/ports.js';
import { skipWithoutRedis, startRedis } from '../helpers/redis-server.js';
import { RespClient } from '../helpers/resp-client.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem, tandemArguments } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { runToEnd, startBare } from './bare-tandem.js';

let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'tandem-start-'));
});
after(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, ...lines: string[]): string {
  const file = join(dir, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** The log's texts, without pid, role and time. */
function texts(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) => /^\d+:[MSXC] \d\d \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3} [.*#-] (.*)$/.exec(line)?.[1],
    )
    .map((text) => text ?? 'not in the format of a log line');
}

test('a client that comes during a short start is answered from the data', async () => {
  const server = await untilTestEnds(startTandem());
  const client = await server.connect();
  await client.call('SET', 'key', 'value');
  await client.call('SAVE');
  await server.kill();
  const ready = server.start();
  const connect = () => RespClient.connect({ port: server.port });
  const early = await waitFor('somebody to listen', connect, { everyMs: 1 });
  assert.equal(await early.call('GET', 'key'), 'value');
  await ready;
  early.close();
});

test('the log tells version, mode, initialisation and readiness in Redis’s order', async () => {
  const server = await startTandem();
  const lines = texts(server.log);
  const wanted = [
    /Tandem is starting/,
    /^Redis version=7\.2\.4, bits=64, .*pid=\d+, just started$/,
    /^Configuration loaded$/,
    /^monotonic clock: /,
    /^Running mode=standalone, port=\d+\.$/,
    /^Server initialized$/,
    /^Ready to accept connections tcp$/,
  ];
  const found = wanted.map((pattern) => lines.findIndex((line) => pattern.test(line)));
  assert.ok(!found.includes(-1), server.log);
  assert.deepEqual(
    found,
    [...found].sort((a, b) => a - b),
    'out of order',
  );
  assert.ok(!lines.includes('not in the format of a log line'), server.log);
  assert.match(server.log, new RegExp(`^${server.pid}:C .* Tandem is starting `, 'm'));
  assert.match(server.log, new RegExp(`^${server.pid}:M .* Server initialized$`, 'm'));
  await server.stop();
});

test('always-show-logo adds the port and the line that Redis’s suite waits for', async () => {
  const server = await startTandem({ args: ['--always-show-logo', 'yes'] });
  assert.match(server.log, new RegExp(` PID: ${server.pid}$`, 'm'));
  assert.match(server.log, new RegExp(` Port: ${server.port}$`, 'm'));
  assert.ok(server.log.indexOf(' PID: ') < server.log.indexOf('Server initialized'));
  await server.stop();
});

test('log-format json makes each line an object', async () => {
  const server = await startTandem({ args: ['--log-format', 'json'] });
  const lines = server.log.trim().split('\n');
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  for (const object of objects) assert.equal(object.pid, server.pid);
  assert.ok(objects.some((object) => object.msg === 'Ready to accept connections tcp'));
  await server.stop();
});

test('a file, then standard input, then options: the last one wins', async () => {
  const port = await freePort();
  write('included.conf', 'maxclients 77', 'timeout 7');
  const file = write(
    'tandem.conf',
    ...[`dir ${dir}`, 'port 1', 'include included.conf', 'timeout 8', 'hz 20'],
  );
  const args = [file, '--port', String(port), '--maxmemory', '1gb', '--save', '', '-'];
  const child = spawn(process.execPath, tandemArguments(args), { cwd: dir });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = once(child, 'close');
  child.stdin.end('hz 30\nmaxmemory 1kb\n');
  try {
    await waitFor('readiness', () => log.includes('Ready to accept'));
    const client = await RespClient.connect({ port });
    const get = async (name: string) => await client.call('CONFIG', 'GET', name);
    assert.deepEqual(await get('maxclients'), ['maxclients', '77']);
    assert.deepEqual(await get('timeout'), ['timeout', '8']);
    assert.deepEqual(await get('hz'), ['hz', '30']);
    assert.deepEqual(await get('maxmemory'), ['maxmemory', String(2 ** 30)]);
    assert.deepEqual(await get('save'), ['save', '']);
    assert.match(String(await client.call('INFO', 'server')), new RegExp(`config_file:${file}\r`));
    client.close();
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
});

test('an unknown directive is told with its line on standard error, status 1', async () => {
  const file = write('unknown.conf', 'port 0', '', 'no-such-directive yes');
  const { status, stdout, stderr } = await runToEnd([file]);
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /\*\*\* FATAL CONFIG FILE ERROR/);
  assert.match(stderr, /Reading the configuration file, at line 3/);
  assert.match(stderr, />>> 'no-such-directive yes'/);
  assert.match(stderr, /Bad directive or wrong number of arguments/);
});

test('an unknown directive among the options or on standard input ends the same way', async () => {
  const option = await runToEnd(['--no-such-directive', 'yes']);
  assert.equal(option.status, 1);
  assert.match(option.stderr, />>> 'no-such-directive "?yes"?'/);
  const input = await runToEnd(['-'], { input: 'port 0\nno-such-directive yes\n' });
  assert.equal(input.status, 1);
  assert.match(input.stderr, /at line 2/);
});

test('a bad value is refused with its reason, status 1', async () => {
  const { status, stderr } = await runToEnd(['--port', '70000']);
  assert.equal(status, 1);
  assert.match(stderr, /argument must be between 0 and 65535 inclusive/);
});

test('a refused line is shown byte for byte', async () => {
  const { status, stderr } = await runToEnd(['-'], { input: 'nosuch \u00e9\n' });
  assert.equal(status, 1);
  assert.match(stderr, />>> 'nosuch \u00e9'/);
});

test('a configuration file that is missing ends the start with status 1', async () => {
  const { status, stdout, stderr } = await runToEnd([join(dir, 'missing.conf')]);
  assert.equal(status, 1);
  assert.match(stdout + stderr, /can't open config file/);
});

test('a folder that is missing ends the start with status 1', async () => {
  const { status, stderr } = await runToEnd(['--dir', join(dir, 'missing'), '--port', '0']);
  assert.equal(status, 1);
  assert.match(stderr, /No such file or directory/);
});

test('a port in use ends the start with status 1 and names the port', async () => {
  const holder = await startTandem();
  const args = ['--port', String(holder.port), '--bind', '127.0.0.1', '--save', '', '--dir', dir];
  const { status, stdout } = await runToEnd(args);
  assert.equal(status, 1);
  assert.match(
    stdout,
    new RegExp(`Failed listening on port ${holder.port} \\(tcp\\), aborting\\.`),
  );
  assert.match(stdout, /# Warning: Could not create server TCP listening socket 127\.0\.0\.1:/);
  assert.doesNotMatch(stdout, /Server initialized/);
  assert.equal(await (await holder.connect()).call('PING'), 'PONG', 'the holder goes on');
  await holder.stop();
});

test('a start that finds its port in use leaves the pid file of the other alone', async () => {
  const file = join(dir, 'other.pid');
  const holder = await startTandem({ args: ['--pidfile', file] });
  const args = ['--port', String(holder.port), '--bind', '127.0.0.1', '--save', '', '--dir', dir];
  const { status } = await runToEnd([...args, '--pidfile', file]);
  assert.equal(status, 1);
  assert.equal(readFileSync(file, 'utf8'), `${holder.pid}\n`);
  await holder.stop();
});

test('nowhere to listen ends the start with status 1', async () => {
  const { status, stdout } = await runToEnd(['--port', '0', '--save', '', '--dir', dir]);
  assert.equal(status, 1);
  assert.match(stdout, /Configured to not listen anywhere, exiting\./);
});

test('--version and --help print and exit 0', async () => {
  for (const flag of ['--version', '-v', '--help', '-h']) {
    const { status, stdout } = await runToEnd([flag]);
    assert.equal(status, 0, flag);
    assert.match(stdout, /[Tt]andem/);
  }
});

test('logfile takes the log, and the log goes on in a new file after a rotation', async () => {
  const port = await freePort();
  const file = join(dir, 'server.log');
  const server = await startBare({
    port,
    waitUntilReady: false,
    args: ['--port', String(port), '--logfile', file, '--dir', dir, '--save', ''],
  });
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  await waitFor('readiness', () => read().includes('Ready to accept connections tcp'));
  assert.equal(server.log, '', 'nothing on the console');
  rmSync(file);
  const client = await server.connect();
  await waitFor('the new file', async () => {
    await client.call('REPLICAOF', '127.0.0.1', '1');
    await client.call('REPLICAOF', 'NO', 'ONE');
    return read().includes('MASTER MODE enabled');
  });
  await server.stop();
});

test('the pid file is written, and removed at the end', async () => {
  const file = join(dir, 'server.pid');
  const server = await startTandem({ args: ['--pidfile', file] });
  assert.equal(readFileSync(file, 'utf8'), `${server.pid}\n`);
  server.signal('SIGTERM');
  assert.equal(await server.exited(), 0);
  assert.equal(existsSync(file), false);
  assert.match(server.log, /\* Removing the pid file\./);
  await server.stop();
});

test('a new template shows in the title of the process at once', async () => {
  const server = await startTandem();
  const client = await server.connect();
  await client.call('CONFIG', 'SET', 'proc-title-template', 'T {port}');
  const fields = await info(client, 'server');
  const shown = readFileSync(`/proc/${fields.process_id}/cmdline`, 'latin1');
  assert.equal(shown.replace(/\0.*$/s, ''), `T ${server.port}`);
  client.close();
  await server.stop();
});

for (const [name, start, skip] of [
  ['this server', startTandem, false],
  ['redis-server', startRedis, skipWithoutRedis],
] as const) {
  test(`a maxmemory that is too small is warned of, but set: ${name}`, { skip }, async () => {
    const server = await untilTestEnds(start({ args: ['--maxmemory', '900kb'] }));
    await server.waitForLog(/# WARNING: You specified a maxmemory value that is less than 1MB/);
    const client = await server.connect();
    assert.equal(await client.call('CONFIG', 'SET', 'maxmemory', '100mb'), 'OK');
    await client.call('SET', 'k', 'x'.repeat(3_000_000));
    const from = server.log.length;
    assert.equal(await client.call('CONFIG', 'SET', 'maxmemory', '100mb'), 'OK');
    assert.equal(await client.call('CONFIG', 'SET', 'maxmemory', '2mb'), 'OK');
    assert.equal(await client.call('CONFIG', 'SET', 'maxmemory', '0'), 'OK');
    await server.waitForLog(/# WARNING: the new maxmemory value set via CONFIG SET/, { from });
    const warnings = server.log.slice(from).match(/# WARNING: .*/g) ?? [];
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /\(2097152\) is smaller than the current memory usage \(\d{7}\)\. This will result in key /,
    );
  });
}
