/*
 * CONFIG GET and SET held against a real redis-server: for every directive that both know, a list
 * of well-formed and hostile values gives the same reply and shows the same text afterwards.
 * Against
 * 7.2 (`ORACLE=<path>`) nothing more is left out than for 7.0; what we refuse on purpose is named.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';
import { directives } from '../../../src/config/directives.js';
import { redisVersion, skipWithoutRedis, startRedis } from '../../helpers/redis-server.js';
import { RespError } from '../../helpers/resp-reply.js';
import { directiveValues } from './directive-values.js';

const skip = skipWithoutRedis;
const is72 = redisVersion !== null && !redisVersion.startsWith('7.0.');

/** Not asked here: they change what the oracle listens on, writes, or lets us do. */
const left = new Set([
  ...['bind', 'port', 'dir', 'appendonly', 'activedefrag', 'requirepass', 'maxclients'],
  ...['oom-score-adj', 'oom-score-adj-values', 'locale-collate', 'watchdog-period'],
  ...['repl-backlog-size', 'jemalloc-bg-thread', 'client-query-buffer-limit', 'timeout'],
]);

/** TLS needs certificates, which the oracle checks at once. */
const isLeft = (name: string): boolean => left.has(name) || name.startsWith('tls-');

const context = { isLoading: false, isLoopback: true };

test('CONFIG SET: same replies and same texts as redis-server', { skip }, async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const client = await server.connect();
  const config = new Config();
  const differences: string[] = [];
  let compared = 0;
  for (const { name, alias } of directives.filter((row) => !isLeft(row.name))) {
    const known = await client.call('CONFIG', 'GET', name);
    if (!Array.isArray(known) || known.length === 0) continue;
    // Both servers start from the same value, whatever the defaults.
    for (const [index, value] of directiveValues.entries()) {
      const asked = alias !== undefined && index % 2 === 1 ? alias : name;
      const theirs = await client.call('CONFIG', 'SET', asked, value);
      const ours = config.set([[asked, value]], context);
      const theirText = theirs instanceof RespError ? theirs.text : 'OK';
      const ourText = ours === null ? 'OK' : ours.error;
      const shown = await client.call('CONFIG', 'GET', asked);
      const [[, ourShown]] = config.get([asked]);
      const theirShown = Array.isArray(shown) ? shown[1] : shown;
      compared++;
      const isSameShown = ourText !== 'OK' || ourShown === theirShown;
      if (ourText === theirText && isSameShown) continue;
      if (isKnownDifference(name, value)) continue;
      differences.push(
        `${asked} ${JSON.stringify(value)}: ${theirText} [${theirShown}]` +
          ` | ${ourText} [${ourShown}]`,
      );
    }
  }
  assert.deepEqual(differences, []);
  assert(compared > 8000, `compared ${compared}`);
});

/** What is refused on purpose, and what 7.2 changed. */
function isKnownDifference(name: string, value: string): boolean {
  return !is72 && name === 'loglevel' && value !== 'debug';
}

test('CONFIG SET of several: same replies as redis-server', { skip }, async (t) => {
  const cases: readonly (readonly string[])[] = [
    ['hz', '1', 'HZ', '2'],
    ['hz', '1', 'nosuch', '2', 'daemonize', 'yes'],
    ['daemonize', 'yes', 'nosuch', '2'],
    ['Daemonize', 'yes'],
    ['dir', '/tmp', 'dbfilename', 'x'],
    ['replica-priority', '1', 'slave-priority', '2'],
    ['hz', '50', 'slave-priority', 'x'],
    ['replicaof', 'a 1'],
    ['timeout', '10', 'tcp-keepalive', '20', 'maxmemory-samples', '30'],
    ['save', '', 'hz', 'x'],
    ['a b', '1'],
  ];
  const server = await startRedis();
  t.after(() => server.stop());
  const client = await server.connect();
  const config = new Config();
  for (const words of cases) {
    const theirs = await client.call('CONFIG', 'SET', ...words);
    const pairs: [string, string][] = [];
    for (let i = 0; i < words.length; i += 2) pairs.push([words[i], words[i + 1]]);
    const ours = config.set(pairs, context)?.error ?? 'OK';
    assert.equal(ours, theirs instanceof RespError ? theirs.text : theirs, words.join(' '));
  }
  for (const name of ['hz', 'timeout', 'tcp-keepalive', 'replica-priority', 'maxmemory-samples']) {
    const theirs = await client.call('CONFIG', 'GET', name);
    assert.deepEqual(theirs, config.get([name]).flat(), name);
  }
});

test('CONFIG SET save: CONFIG GET shows the same as redis-server', { skip }, async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const client = await server.connect();
  const config = new Config();
  const values = ['', ' 1 1', '01 +1 3600 0', '9223372036854775807 1', '9223372036854775808 1'];
  for (const value of [...values, '2147483648 2147483648', '9007199254740992 1']) {
    const theirs = await client.call('CONFIG', 'SET', 'save', value);
    const ours = config.set([['save', value]], context)?.error ?? 'OK';
    assert.equal(ours, theirs instanceof RespError ? theirs.text : theirs, value);
    assert.deepEqual(config.get(['save']).flat(), await client.call('CONFIG', 'GET', 'save'));
  }
});

test('CONFIG GET: same names for the same patterns as redis-server', { skip }, async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const client = await server.connect();
  const config = new Config();
  const all = await client.call('CONFIG', 'GET', '*');
  assert(Array.isArray(all));
  const theirNames = new Set(all.filter((_, index) => index % 2 === 0));
  const ours = config.get(['*']).map(([name]) => name);
  // 7.2 hides it.
  if (!is72) theirNames.delete('aof-disable-auto-gc');
  const missing = [...theirNames].filter((name) => !ours.includes(String(name)));
  assert.deepEqual(missing, []);
  const patterns = [['*-read-only'], ['MaxMemory'], ['save', 'SAVE'], ['sl?ve-*'], ['[ab]*x*']];
  for (const pattern of [
    ...patterns,
    ['hz', '*hz*', 'dynamic-hz'],
    ['key-load*'],
    ['KEY-load-delay'],
  ]) {
    const theirs = await client.call('CONFIG', 'GET', ...pattern);
    assert(Array.isArray(theirs));
    const names = theirs.filter((_, index) => index % 2 === 0).map(String);
    assert.deepEqual(
      config
        .get(pattern)
        .map(([name]) => name)
        .filter((name) => is72 || theirNames.has(name) || names.includes(name))
        .sort(),
      names.sort(),
      pattern.join(' '),
    );
  }
});

test('defaults: the same as of redis-server', { skip }, async (t) => {
  const server = await startRedis();
  t.after(() => server.stop());
  const client = await server.connect();
  const config = new Config();
  const differences: string[] = [];
  const given = new Set(['port', 'save', 'dir', 'bind', 'enable-debug-command']);
  given.add('repl-diskless-sync-delay');
  for (const { name } of directives) {
    const theirs = await client.call('CONFIG', 'GET', name);
    if (!Array.isArray(theirs) || theirs.length === 0 || given.has(name)) continue;
    const ours = config.get([name])[0][1];
    if (ours !== theirs[1]) differences.push(`${name}: ${theirs[1]} | ${ours}`);
  }
  assert.deepEqual(differences, []);
});
