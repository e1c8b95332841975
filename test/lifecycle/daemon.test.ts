/*
 * daemonize, supervised and the title of the process, from outside. What a service manager is told
 * is in unit/lifecycle/supervisor.test.ts.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { info } from '../helpers/info.js';
import { freePort } from '../helpers/ports.js';
import { repositoryRoot } from '../helpers/repository.js';
import { RespClient } from '../helpers/resp-client.js';
import { untilTestEnds } from '../helpers/started.js';
import { startTandem, tandemArguments } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { runToEnd } from './bare-tandem.js';

const folder = mkdtempSync(join(tmpdir(), 'daemon-test-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const skip = process.platform === 'linux' ? false : 'skipped: /proc is read';

/** Connects to a server that starts by itself. */
async function connectTo(port: number): Promise<RespClient> {
  await waitFor(`a server on port ${port}`, async () => {
    const probe = await RespClient.connect({ port }).catch(() => null);
    probe?.close();
    return probe !== null;
  });
  return await RespClient.connect({ port });
}

/** Fields of /proc/PID/stat behind the name: state, parent, group, session … */
function statOf(pid: string): string[] {
  return readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
}

test('daemonize: the parent ends with 0, the child goes on in its own session', {
  skip,
}, async () => {
  const port = await freePort();
  const [log, pid] = [join(folder, 'log'), join(folder, 'pid')];
  const args = ['--daemonize', 'yes', '--port', String(port), '--logfile', log, '--pidfile', pid];
  // With lines on standard input, which the second process must get as well.
  const ending = await runToEnd(['-', '--save', '', '--dir', folder, ...args], {
    input: 'timeout 321\nenable-debug-command yes\n',
    cwd: folder,
  });
  assert.deepEqual(ending, { status: 0, stdout: '', stderr: '' });
  const client = await connectTo(port);
  const server = await info(client, 'server');
  const process_ = server.process_id;
  assert.equal(readFileSync(pid, 'utf8'), `${process_}\n`);
  const [, parent, , session] = statOf(process_);
  assert.notEqual(parent, String(process.pid));
  assert.equal(session, process_);
  assert.deepEqual(await client.call('CONFIG', 'GET', 'timeout'), ['timeout', '321']);
  assert.deepEqual(await client.call('CONFIG', 'GET', 'daemonize'), ['daemonize', 'yes']);
  // A crash must leave no pid file of a daemon behind.
  await assert.rejects(client.call('DEBUG', 'PANIC'));
  await waitFor('the daemon to be gone', () => spawnSync('kill', ['-0', process_]).status !== 0);
  assert.match(readFileSync(log, 'latin1'), /Guru Meditation: DEBUG PANIC/);
  assert.throws(() => readFileSync(pid), /ENOENT/);
});

test('daemonize: what is wrong with the configuration is said, with status 1', async () => {
  const ending = await runToEnd(['--daemonize', 'yes', '--nosuch', '1'], { cwd: folder });
  assert.equal(ending.status, 1);
  assert.match(ending.stderr, /FATAL CONFIG FILE ERROR/);
});

test('supervised systemd: READY=1 comes when the server is ready', { skip }, async () => {
  // A systemd-notify of our own, found first on the path.
  const told = join(folder, 'told');
  const program = join(folder, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$1" >> ${told}\n`);
  chmodSync(program, 0o755);
  const env = { NOTIFY_SOCKET: '/nowhere', PATH: `${folder}:${process.env.PATH}` };
  const server = await untilTestEnds(startTandem({ args: ['--supervised', 'auto'], env }));
  const read = () => readFileSync(told, 'utf8').trimEnd().split('\n').sort();
  await waitFor('systemd to be told', () => read().length === 3);
  assert.deepEqual(read(), [
    'READY=1',
    'STATUS=Ready to accept connections',
    'STATUS=Redis is loading...',
  ]);
  const client = await server.connect();
  assert.equal((await info(client, 'server')).process_supervised, 'systemd');
  server.signal('SIGTERM');
  await server.exited();
  await waitFor('systemd to be told of the end', () => read().includes('STOPPING=1'));
});

test('supervised wins over daemonize', { skip }, async () => {
  const env = { NOTIFY_SOCKET: '/nowhere', PATH: `${folder}:${process.env.PATH}` };
  const args = ['--supervised', 'systemd', '--daemonize', 'yes'];
  const server = await untilTestEnds(startTandem({ args, env }));
  const client = await server.connect();
  assert.equal((await info(client, 'server')).process_id, String(server.pid));
});

test('supervised upstart: stops itself until it is told to go on', { skip }, async () => {
  const args = ['--supervised', 'upstart'];
  const env = { UPSTART_JOB: 'redis' };
  const server = await untilTestEnds(startTandem({ args, env, waitUntilReady: false }));
  await server.waitForLog('supervised by upstart, will stop to signal readiness.');
  await waitFor('it to be stopped', () => statOf(String(server.pid))[0] === 'T');
  assert.doesNotMatch(server.log, /Ready to accept/);
  server.signal('SIGCONT');
  await server.waitForLog('Ready to accept connections');
});

test('the title has room beyond the command line: bin/tandem-server sees to it', { skip }, () => {
  const second = readFileSync(join(repositoryRoot, 'bin', 'tandem-server'), 'latin1').split(
    '\n',
  )[1];
  assert.match(second, /^':' \/\/; exec node --conditions=\S{150,} "\$0" "\$@"$/);
});

test('the title: path, address and all that Redis knows', { skip }, async () => {
  const [, ...rest] = tandemArguments([]);
  assert.deepEqual(rest, []);
  const template = 'X {title} {listen-addr} {port} {tls-port} {unixsocket} {config-file}';
  const server = await untilTestEnds(
    startTandem({ args: ['--proc-title-template', template, '--unixsocket', 'sock'] }),
  );
  const shown = readFileSync(`/proc/${server.pid}/cmdline`, 'latin1').replace(/\0.*$/s, '');
  const { port } = server;
  const [program] = tandemArguments([]);
  assert.equal(shown, `X ${program} 127.0.0.1:${port} ${port} 0 sock -`);
});

test('set-proc-title no leaves the command line as it was', { skip }, async () => {
  const args = ['--set-proc-title', 'no', '--proc-title-template', 'X {title}'];
  const server = await untilTestEnds(startTandem({ args }));
  const shown = readFileSync(`/proc/${server.pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  assert.match(shown, /node .* --set-proc-title no --proc-title-template X \{title\} $/);
});

test('a directive without effect is told of once when CONFIG SET changes it', async () => {
  const server = await untilTestEnds(startTandem());
  const client = await server.connect();
  const line = 'The directive activerehashing is accepted and kept, but has no effect';
  assert.doesNotMatch(server.log, new RegExp(line));
  for (const value of ['no', 'yes', 'no']) {
    assert.equal(await client.call('CONFIG', 'SET', 'activerehashing', value), 'OK');
  }
  await client.call('DEBUG', 'LOG', 'that is all');
  await server.waitForLog('that is all');
  assert.equal(server.log.split(line).length, 2);
});

test('what is obeyed in part is told of as that, with what is missing', async () => {
  const server = await untilTestEnds(startTandem({ args: ['--maxmemory-policy', 'allkeys-lfu'] }));
  await server.waitForLog(
    'The directive maxmemory-policy is obeyed in part only: nothing is evicted, and commands that' +
      ' need memory are refused',
  );
  const client = await server.connect();
  await client.call('SET', 'k', 'v');
  assert.equal(typeof (await client.call('OBJECT', 'FREQ', 'k')), 'number');
});
