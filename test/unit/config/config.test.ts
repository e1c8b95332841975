/*
 * Config: typed values, CONFIG GET and SET, hooks and rollback. The texts are held against a real
 * server in config-oracle.test.ts.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Config } from '../../../src/config/config.js';

const local = { isLoading: false, isLoopback: true };

test('values are typed and change with CONFIG SET', () => {
  const config = new Config();
  assert.equal(config.values.port, 6379);
  const pairs: [string, string][] = [
    ['maxmemory', '2kb'],
    ['appendfsync', 'ALWAYS'],
    ['slave-read-only', 'no'],
    ['save', '900 1 300 10'],
    ['client-output-buffer-limit', 'slave 1mb 2k 3'],
    ['maxmemory-clients', '5%'],
  ];
  assert.equal(config.set(pairs, local), null);
  const { values } = config;
  assert.equal(values.maxmemory, 2048);
  assert.equal(values.appendfsync, 'always');
  assert.equal(values['replica-read-only'], false);
  assert.deepEqual(values.save, [
    { seconds: 900, changes: 1 },
    { seconds: 300, changes: 10 },
  ]);
  assert.deepEqual(values['client-output-buffer-limit'].replica, {
    hardBytes: 1024 * 1024,
    softBytes: 2000,
    softSeconds: 3,
  });
  assert.equal(values['client-output-buffer-limit'].pubsub.softSeconds, 60);
  assert.deepEqual(values['maxmemory-clients'], { bytes: 0, percent: 5 });
});

test('CONFIG GET answers patterns with names and aliases, and hidden ones only by name', () => {
  const config = new Config();
  assert.deepEqual(config.get(['*-read-only']), [
    ['replica-read-only', 'yes'],
    ['slave-read-only', 'yes'],
  ]);
  assert.deepEqual(config.get(['MaxMemory', 'maxmemory', 'max[c]lients', 'nothing']), [
    ['MaxMemory', '0'],
    ['maxclients', '10000'],
  ]);
  assert.deepEqual(config.get(['key-load*']), []);
  assert.deepEqual(config.get(['key-load-delay']), [['key-load-delay', '0']]);
});

test('numbers beyond 2^53 are shown exactly', () => {
  const config = new Config();
  assert.equal(config.set([['maxmemory', '18446744073709551615']], local), null);
  assert.deepEqual(config.get(['maxmemory']), [['maxmemory', '18446744073709551615']]);
});

test('repl-backlog-size 0 is accepted, small sizes are raised to 16 KiB', () => {
  const config = new Config();
  assert.equal(config.set([['repl-backlog-size', '0']], local), null);
  assert.equal(config.values['repl-backlog-size'], 0);
  assert.equal(config.set([['repl-backlog-size', '1']], local), null);
  assert.equal(config.values['repl-backlog-size'], 16384);
});

test('the largest repl-backlog-size is shown as it was given', () => {
  const config = new Config();
  assert.equal(config.set([['repl-backlog-size', '9223372036854775807']], local), null);
  assert.equal(config.get(['repl-backlog-size'])[0][1], '9223372036854775807');
});

test('what would be dangerous to ignore is refused', () => {
  const config = new Config();
  const error = 'ACL files are not supported by this version';
  assert.equal(config.load('aclfile', ['users.acl']), error);
  for (const name of ['appendonly', 'cluster-enabled', 'tls-replication']) {
    assert.match(config.load(name, ['yes']) ?? '', /not supported/);
  }
  assert.match(config.load('tls-port', ['6380']) ?? '', /not supported/);
});

test('what every JavaScript object has is no choice and no class of clients', () => {
  const config = new Config();
  assert.match(config.load('loglevel', ['constructor']) ?? '', /must be one of the following/);
  assert.match(
    config.load('client-output-buffer-limit', ['constructor', '0', '0', '0']) ?? '',
    /^Invalid client class/,
  );
});

test('one bad pair leaves all values as they were', () => {
  const config = new Config();
  const error = config.set(
    [
      ['maxmemory', '1mb'],
      ['save', '1 1'],
      ['timeout', 'soon'],
    ],
    local,
  );
  assert.deepEqual(error, {
    error:
      "ERR CONFIG SET failed (possibly related to argument 'timeout') - " +
      "argument couldn't be parsed into an integer",
  });
  assert.equal(config.values.maxmemory, 0);
  assert.deepEqual(config.get(['save', 'timeout']), [
    ['save', '3600 1 300 100 60 10000'],
    ['timeout', '0'],
  ]);
});

test('hooks run for changed values only, and again with the old ones when one refuses', () => {
  const config = new Config();
  const calls: string[] = [];
  const warnings: string[] = [];
  config.onWarning = (text) => warnings.push(text);
  config.onChange('loglevel', (level) => {
    calls.push(`loglevel ${level}`);
    return null;
  });
  config.onChange('port', (port) => {
    calls.push(`port ${port}`);
    return port === 1 ? 'Unable to listen on this port. Check server logs.' : null;
  });
  assert.equal(config.set([['loglevel', 'notice']], local), null);
  assert.deepEqual(calls, []);
  const error = config.set(
    [
      ['loglevel', 'debug'],
      ['port', '1'],
      ['timeout', '7'],
    ],
    local,
  );
  assert.deepEqual(calls, ['loglevel debug', 'port 1', 'loglevel notice']);
  assert.match(error?.error ?? '', /argument 'port'\) - Unable to listen on this port/);
  assert.deepEqual(warnings, [
    'Failed applying new configuration. Possibly related to new port setting. ' +
      'Restoring previous settings.',
  ]);
  assert.equal(config.values.port, 6379);
  assert.equal(config.values.timeout, 0);
  assert.equal(config.values.loglevel, 'notice');
});

test('a directive given under both names: the last wins, and a failure restores the first', () => {
  const config = new Config();
  const both: [string, string][] = [
    ['replica-priority', '1'],
    ['slave-priority', '2'],
  ];
  assert.equal(config.set(both, local), null);
  assert.equal(config.values['replica-priority'], 2);
  assert.notEqual(config.set([...both, ['hz', 'x']], local), null);
  assert.equal(config.values['replica-priority'], 2);
});

test('CONFIG SET refuses immutable, protected, unknown and repeated directives', () => {
  const refusal = (pairs: [string, string][], context = local, config = new Config()) =>
    config.set(pairs, context)?.error;
  const failed = (name: string, reason: string) =>
    `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
  assert.equal(refusal([['Daemonize', 'yes']]), failed('Daemonize', "can't set immutable config"));
  assert.equal(refusal([['dir', '/']]), failed('dir', "can't set protected config"));
  assert.equal(
    refusal([
      ['hz', '1'],
      ['HZ', '2'],
    ]),
    failed('HZ', 'duplicate parameter'),
  );
  assert.equal(
    refusal([
      ['hz', '1'],
      ['a\nb', '2'],
    ]),
    "ERR Unknown option or number of arguments for CONFIG SET - 'a b'",
  );
  const loading = { isLoading: true, isLoopback: true };
  assert.equal(
    refusal([['appendonly', 'yes']], loading),
    'LOADING Redis is loading the dataset in memory',
  );
});

test('protected directives open as enable-protected-configs says', () => {
  const remote = { isLoading: false, isLoopback: false };
  for (const [allowed, isLocalFine, isRemoteFine] of [
    ['no', false, false],
    ['local', true, false],
    ['yes', true, true],
  ] as const) {
    const config = new Config();
    assert.equal(config.load('enable-protected-configs', [allowed]), null);
    assert.equal(config.set([['dbfilename', 'a.rdb']], local) === null, isLocalFine);
    assert.equal(config.set([['dbfilename', 'b.rdb']], remote) === null, isRemoteFine);
  }
});

test('hooks that rows ask for and nobody registered are named', () => {
  const config = new Config();
  const missing = config.missingHooks();
  assert(missing.includes('port') && missing.includes('loglevel'));
  config.onChange('port', () => null);
  assert(!config.missingHooks().includes('port'));
});

test('names that are not UTF-8 are refused, others are shown byte for byte', () => {
  const config = new Config();
  assert.match(config.load('pidfile', ['/tmp/\xff']) ?? '', /UTF-8/);
  assert.equal(config.load('pidfile', ['/tmp/\xc3\xa9']), null);
  assert.equal(config.values.pidfile, '/tmp/é');
  assert.deepEqual(config.get(['pidfile']), [['pidfile', '/tmp/\xc3\xa9']]);
});
