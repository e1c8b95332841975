/*
 * What the log says before an end that nobody asked for, and how the process ends then: as a
 * redis-server does, which is asked for the lines that tools look for. How the report is put
 * together when parts of it fail is in unit/lifecycle/crash-report.test.ts.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import {
  isVersionAtLeast,
  redisVersion,
  skipWithoutRedis,
  startRedis,
} from '../helpers/redis-server.js';
import { RespClient } from '../helpers/resp-client.js';
import type { ServerOptions, ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { buildRoot, startTandem } from '../helpers/tandem.js';
import { waitFor } from '../helpers/wait-for.js';
import { startBare } from './bare-tandem.js';

const START = '=== REDIS BUG REPORT START: Cut & paste starting from here ===';
const END = '=== REDIS BUG REPORT END. Make sure to include from START to END. ===';
const SECTIONS = ['STACK TRACE', 'INFO OUTPUT', 'CLIENT LIST OUTPUT', 'CURRENT CLIENT INFO'];
/** What Redis 7.2 has besides. */
const LATER_SECTIONS = ['EXECUTING CLIENT INFO'];

const servers = [
  ['redis-server', startRedis, skipWithoutRedis],
  ['this server', startTandem, false],
] as const;

type Start = (options: ServerOptions) => Promise<ServerProcess>;

/** Starts it without the slow check of memory, lets it crash, and waits for its end. */
async function crash(start: Start, how: readonly string[] | NodeJS.Signals, args: string[] = []) {
  const server = await untilTestEnds(start({ args: ['--crash-memcheck-enabled', 'no', ...args] }));
  if (typeof how === 'string') {
    server.signal(how);
  } else {
    const client = await server.connect();
    await assert.rejects(client.call('DEBUG', ...how));
  }
  await server.exited();
  return server;
}

/** The lines of the report, each without the process, time and level in front of it. */
function report(server: ServerProcess): string[] {
  const from = server.log.indexOf(START);
  const to = server.log.indexOf(END);
  assert(from !== -1 && to > from, server.log);
  const lines = server.log.slice(from, to).split('\n');
  return lines.map((line) => line.replace(/^\d+:[A-Z] .*? # /, ''));
}

/** In this order, each once. */
function mustHaveSections(start: Start, lines: readonly string[]): void {
  const isOld = start === startRedis && !isVersionAtLeast(redisVersion ?? '', '7.2');
  const titles = [...SECTIONS, ...(isOld ? [] : LATER_SECTIONS)];
  const headings = lines.filter((line) => titles.includes(line.slice(7, -7)));
  assert.deepEqual(
    headings,
    titles.map((title) => `------ ${title} ------`),
  );
}

for (const [name, start, skip] of servers) {
  test(`${name}: DEBUG PANIC ends with SIGABRT and a report`, { skip }, async () => {
    const server = await crash(start, ['PANIC']);
    assert.equal(server.endSignal, 'SIGABRT');
    const lines = report(server);
    assert(lines.includes('!!! Software Failure. Press left mouse button to continue'));
    const guru = /^Guru Meditation: DEBUG PANIC called at Unix time \d+ #[a-z-]+\.[a-z]+:\d+$/;
    assert(
      lines.some((line) => guru.test(line)),
      lines.join('\n'),
    );
    mustHaveSections(start, lines);
    assert(lines.includes(`argv[1]: '"PANIC"'`));
    assert(lines.includes('redis_mode:standalone\r') || lines.includes('redis_mode:standalone'));
  });

  test(`${name}: DEBUG ASSERT tells what does not hold`, { skip }, async () => {
    const server = await crash(start, ['ASSERT']);
    assert.equal(server.endSignal, 'SIGABRT');
    const lines = report(server);
    const context = lines.indexOf('=== ASSERTION FAILED CLIENT CONTEXT ===');
    const failed = lines.indexOf('=== ASSERTION FAILED ===');
    assert(context !== -1 && failed > context, lines.join('\n'));
    assert.match(lines[failed + 1], /^==> [a-z-]+\.[a-z]+:\d+ '1 == 2' is not true$/);
    mustHaveSections(start, lines);
  });

  test(`${name}: DEBUG OOM says how much`, { skip }, async () => {
    const server = await crash(start, ['OOM']);
    assert.equal(server.endSignal, 'SIGABRT');
    assert.match(server.log, /# Out Of Memory allocating 9223372036854775807 bytes!\n/);
    const guru =
      'Guru Meditation: Redis aborting for OUT OF MEMORY. Allocating 9223372036854775807 bytes! #';
    assert(report(server).some((line) => line.startsWith(guru)));
  });

  test(`${name}: DEBUG SEGFAULT dies of SIGSEGV`, { skip }, async () => {
    const server = await crash(start, ['SEGFAULT']);
    assert.equal(server.endSignal, 'SIGSEGV');
    const lines = report(server);
    assert(lines.some((line) => /^Redis 7\S+ crashed by signal: 11, si_code: \d$/.test(line)));
    mustHaveSections(start, lines);
  });

  test(`${name}: SIGABRT from outside is reported, and is what it dies of`, { skip }, async () => {
    const server = await crash(start, 'SIGABRT');
    assert.equal(server.endSignal, 'SIGABRT');
    const lines = report(server);
    assert(lines.some((line) => /^Redis 7\S+ crashed by signal: 6, si_code: 0$/.test(line)));
    assert(lines.includes('------ STACK TRACE ------'));
    // No command was running.
    assert(!lines.some((line) => /(CURRENT|EXECUTING) CLIENT INFO/.test(line)));
  });

  for (const signal of ['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL'] as const) {
    test(`${name}: ends with ${signal} when it is sent that`, { skip }, async () => {
      const server = await crash(start, signal);
      assert.equal(server.endSignal, signal);
    });
  }

  test(`${name}: crash-log-enabled no leaves the cause, and of a signal nothing`, {
    skip,
  }, async () => {
    const args = ['--crash-log-enabled', 'no'];
    const panicked = await crash(start, ['PANIC'], args);
    const lines = report(panicked);
    assert(lines.some((line) => line.startsWith('Guru Meditation: DEBUG PANIC')));
    assert(!lines.some((line) => line.startsWith('------ ')));
    const aborted = await crash(start, 'SIGABRT', args);
    assert.equal(aborted.endSignal, 'SIGABRT');
    assert.doesNotMatch(aborted.log, /BUG REPORT|crashed by signal/);
  });

  test(`${name}: use-exit-on-panic ends with status 1, signals still as they are`, {
    skip,
  }, async () => {
    const args = ['--use-exit-on-panic', 'yes'];
    const panicked = await crash(start, ['PANIC'], args);
    assert.equal(panicked.endSignal, null);
    assert.equal(await panicked.exited(), 1);
    assert.equal((await crash(start, ['SEGFAULT'], args)).endSignal, 'SIGSEGV');
  });
}

test('a report tells of the running command inside EXEC, and no secrets', async () => {
  const args = ['--requirepass', 'sesame', '--masterauth', 'abracadabra'];
  const server = await untilTestEnds(startTandem({ args }));
  const client = await server.connect();
  await client.call('AUTH', 'sesame');
  await client.call('CONFIG', 'SET', 'timeout', '77');
  await client.call('MULTI');
  await client.call('DEBUG', 'PANIC', 'a"b', 'c'.repeat(1000));
  await assert.rejects(client.call('EXEC'));
  await server.exited();
  const lines = report(server);
  // Once for whose request it was, once for who runs it.
  assert.equal(lines.filter((line) => line === "argc: '4'").length, 2);
  assert(lines.includes(`argv[2]: '"a\\"b"'`));
  assert(lines.some((line) => /^argv\[3\]: '"c{128}\.\.\. \(872 more bytes\)"'$/.test(line)));
  assert(lines.includes('timeout 77'));
  assert.doesNotMatch(server.log, /sesame|abracadabra/);
});

test('a daemon-less crash leaves the pid file, as in Redis', async () => {
  const server = await untilTestEnds(startTandem({ args: ['--pidfile', 'pid'] }));
  const pid = server.pid;
  const client = await server.connect();
  await assert.rejects(client.call('DEBUG', 'PANIC'));
  await server.exited();
  assert.equal(readFileSync(join(server.dir, 'pid'), 'utf8'), `${pid}\n`);
});

test('in JSON a report is still one object a line', async () => {
  const server = await crash(startTandem, ['PANIC'], ['--log-format', 'json']);
  const lines = server.log.trimEnd().split('\n');
  const texts = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  assert(texts.some((text) => text.includes(START)));
  assert(texts.at(-1)?.includes(END));
});

for (const [name, code] of [
  ['an exception that nobody caught', "setTimeout(() => { throw new RangeError('too far'); });"],
  ['a rejection that nobody handled', "void Promise.reject(new RangeError('too far'));"],
] as const) {
  test(`${name} is reported, and ends with SIGABRT`, () => {
    // A process that hears what the server hears, and has a bug.
    const room = pathToFileURL(join(buildRoot, 'src', 'lifecycle')).href;
    const program = `
      import { CrashReport } from '${room}/crash-report.js';
      import { endProcess } from '${room}/end-process.js';
      import { listenToProcess } from '${room}/process-events.js';
      const log = { warning: console.log, raw: console.log };
      const crash = new CrashReport({
        log, redisVersion: '7.2.4', isEnabled: () => true, exitsOnPanic: () => false,
        sections: [], onEnd() {}, die: endProcess,
      });
      listenToProcess({ shutdown: { onSignal() {} }, crash, log });
      ${code}`;
    const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.equal(signal, 'SIGABRT');
    assert.match(stdout, /Guru Meditation: Unexpected error: RangeError: too far #/);
    assert.match(stdout, /------ STACK TRACE ------\n\nBacktrace:\nRangeError: too far\n +at /);
  });
}

for (const [name, isClean] of [
  ['RESTART', true],
  ['CRASH-AND-RECOVER', false],
] as const) {
  test(`DEBUG ${name} starts the server anew${isClean ? '' : ' without saving'}`, async () => {
    const server = await untilTestEnds(startBareWithFile());
    const client = await server.connect();
    await client.call('CONFIG', 'SET', 'timeout', '55');
    await client.call('SET', 'k', 'v');
    assert.match(String(await client.call('DEBUG', name, 'x').catch(String)), /not an integer/);
    const before = server.log.length;
    await assert.rejects(client.call('DEBUG', name, '10'));
    const isReady = () => server.log.includes('Ready to accept connections', before);
    await waitFor('the successor to be ready', isReady, { timeoutMs: 15_000 });
    const next = await RespClient.connect({ port: server.port });
    try {
      assert.deepEqual(await next.call('CONFIG', 'GET', 'timeout'), [
        'timeout',
        isClean ? '55' : '0',
      ]);
      assert.equal(await next.call('GET', 'k'), isClean ? 'v' : null);
    } finally {
      await next.call('SHUTDOWN', 'NOSAVE', 'NOW').catch(() => {});
      next.close();
    }
  });
}

/** With a configuration file, in its own folder, and a save point so that a clean end saves. */
async function startBareWithFile(): Promise<ServerProcess> {
  const server = await startTandem({ waitUntilReady: false });
  await server.kill();
  const file = join(server.dir, 'tandem.conf');
  const lines = [
    `port ${server.port}`,
    'bind 127.0.0.1',
    `dir ${server.dir}`,
    'save 3600 1',
    'enable-debug-command yes',
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return await startBare({ port: server.port, dir: server.dir, args: [file] });
}
