/*
 * CONFIG REWRITE held against a redis-server: both start with the same file, are told the same, and
 * must leave the same lines. What is appended comes in the order of a hash table there, so that
 * part is compared as a set. The file that we leave must do for a redis-server as well.
 */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../helpers/ports.js';
import { skipWithoutRedis } from '../helpers/redis-server.js';
import { type Program, ServerProcess } from '../helpers/server-process.js';
import { untilTestEnds } from '../helpers/started.js';
import { tandemArguments } from '../helpers/tandem.js';

const skip = skipWithoutRedis;

const redis: Program = {
  name: 'redis',
  command: process.env.ORACLE || 'redis-server',
  argumentsFor: () => ['conf/server.conf'],
};

const tandem: Program = {
  name: 'tandem',
  command: process.execPath,
  argumentsFor: () => tandemArguments(['conf/server.conf']),
};

interface Case {
  readonly title: string;
  /** PORT and DIR are put in. */
  readonly file: string;
  readonly commands?: readonly (readonly string[])[];
}

const START = 'port PORT\nbind 127.0.0.1\ndir DIR\nenable-protected-configs yes\n';

const cases: readonly Case[] = [
  { title: 'nothing was changed', file: START },
  {
    title: 'comments, empty lines, blanks, order',
    file: `# one\n\n\n${START}  # two\n\n\t timeout   5 \n\n# three`,
    commands: [['timeout', '6']],
  },
  {
    title: 'defaults that stand there stay, defaults that do not stay away',
    file: `${START}timeout 0\nhz 10\nlogfile ""\nunixsocket ""\nrequirepass ""\nsave 3600 1\n`,
    commands: [['maxclients', '10000']],
  },
  {
    title: 'repeated lines',
    file: `timeout 1\n${START}timeout 2\n\ntimeout 3\nhz 5\nmaxmemory 1mb\nTIMEOUT 4\n`,
    commands: [['hz', '10']],
  },
  {
    title: 'older names',
    file: `${START}slave-read-only no\nhash-max-ziplist-entries 20\nhash-max-listpack-entries 21\n`,
    commands: [['slave-priority', '5']],
  },
  {
    title: 'save points become more, fewer, none',
    file: `save 1 1\n${START}save 2 2\n# x\nsave 3 3\n`,
    commands: [['save', '9 9 8 8 7 7 6 6']],
  },
  { title: 'fewer save points', file: `save 1 1\n${START}save 2 2\n`, commands: [['save', '5 5']] },
  { title: 'no save points', file: `${START}save 1 1\nsave 2 2\n`, commands: [['save', '']] },
  { title: 'no save points where no line was', file: START, commands: [['save', '']] },
  {
    title: 'limits of clients',
    file: `${START}client-output-buffer-limit pubsub 1mb 2mb 3\n`,
    commands: [['client-output-buffer-limit', 'slave 1gb 1000 1 normal 1 2 3']],
  },
  {
    title: 'limits of clients, one class',
    file: START,
    commands: [['client-output-buffer-limit', 'replica 10 20 30']],
  },
  {
    title: 'sizes',
    file: `${START}maxmemory 1000\nproto-max-bulk-len 1gb\n`,
    commands: [
      ['maxmemory', '3145728', 'repl-backlog-size', '20480', 'maxmemory-clients', '7%'],
      ['stream-node-max-bytes', '0', 'client-query-buffer-limit', '1500000'],
    ],
  },
  {
    title: 'texts and what must be quoted in them',
    file: `${START}masteruser plain\ndbfilename "a b.rdb"\n`,
    commands: [
      ['masterauth', '"\\\t\n\x07\b~ \x7f', 'proc-title-template', '{title} {port}'],
      ['replica-announce-ip', "it's"],
    ],
  },
  {
    title: 'texts that are empty again',
    file: `${START}masterauth a\nrequirepass ""\nreplica-announce-ip 1.1.1.1\n`,
    commands: [['masterauth', '', 'replica-announce-ip', '', 'notify-keyspace-events', '']],
  },
  {
    title: 'lists of words and letters',
    file: `${START}notify-keyspace-events ""\nshutdown-on-sigint nosave\n`,
    commands: [
      ['notify-keyspace-events', 'gxKE', 'shutdown-on-sigterm', 'now nosave force'],
      ['latency-tracking-info-percentiles', '', 'oom-score-adj-values', '1 2 3'],
      ['shutdown-on-sigint', 'default'],
    ],
  },
  {
    title: 'all events, percentiles',
    file: START,
    commands: [
      ['notify-keyspace-events', 'KEA', 'latency-tracking-info-percentiles', '1.5 99.12345678'],
    ],
  },
  {
    title: 'choices and switches',
    file: `${START}appendfsync ALWAYS\nloglevel Notice\n`,
    commands: [
      ['maxmemory-policy', 'allkeys-lru', 'rdbcompression', 'NO', 'oom-score-adj', 'no'],
      ['repl-diskless-load', 'swapdb', 'sanitize-dump-payload', 'clients'],
    ],
  },
  {
    title: 'names that mean nothing any more, renamed commands, includes',
    file:
      `${START}list-max-ziplist-entries 5\nrename-command FLUSHALL ""\n` +
      'include conf/more*.conf\nrename-command KEYS k\ninclude none*.conf\n',
  },
  { title: 'a primary to follow', file: `${START}slaveof 127.0.0.1 1\n# after\n` },
];

/** A server in a folder of its own, started with that file. */
async function start(t: TestContext, program: Program, file: string): Promise<ServerProcess> {
  const dir = mkdtempSync(join(tmpdir(), `${program.name}-rewrite-`));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const port = await freePort();
  mkdirSync(join(dir, 'conf'));
  writeFileSync(join(dir, 'conf', 'more.conf'), 'timeout 9\n');
  const text = file.replace('PORT', String(port)).replaceAll('DIR', dir);
  writeFileSync(join(dir, 'conf', 'server.conf'), text);
  return await untilTestEnds(ServerProcess.start(program, { port, dir }));
}

/** The file as it is now, with PORT and DIR in it again. */
function withoutPlace({ dir, port }: ServerProcess): string {
  const text = readFileSync(join(dir, 'conf', 'server.conf'), 'latin1');
  return text.replaceAll(dir, 'DIR').replace(`port ${port}`, 'port PORT');
}

const MARK = '# Generated by CONFIG REWRITE\n';

/** What stands above the mark, and what was appended, in alphabetical order. */
function parts(server: ServerProcess): { kept: string[]; appended: string[] } {
  const [kept, appended = ''] = withoutPlace(server).split(MARK);
  return {
    kept: kept.split('\n'),
    appended: appended
      .split('\n')
      // Without ACL we have no users to write.
      .filter((line) => line !== '' && !line.startsWith('user '))
      .sort(),
  };
}

for (const { title, file, commands = [] } of cases) {
  test(`CONFIG REWRITE as by redis-server: ${title}`, { skip }, async (t) => {
    const servers = [await start(t, redis, file), await start(t, tandem, file)] as const;
    for (const server of servers) {
      const client = await server.connect();
      for (const pairs of commands) {
        assert.equal(await client.call('CONFIG', 'SET', ...pairs), 'OK', pairs.join(' '));
      }
      assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
    }
    const [theirs, ours] = servers;
    assert.deepEqual(parts(ours), parts(theirs));
    for (const server of servers) {
      const client = await server.connect();
      assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
    }
    assert.deepEqual(parts(ours), parts(theirs), 'the second time');
  });
}

test('a redis-server starts with the file that we leave, and shows the same', {
  skip,
}, async (t) => {
  const ours = await start(t, tandem, START);
  const client = await ours.connect();
  const pairs = [
    ...['maxmemory', '5gb', 'save', '1 2 3 4', 'masterauth', '"\xff\n', 'hz', '20'],
    ...['client-output-buffer-limit', 'replica 1gb 2gb 3', 'shutdown-on-sigint', 'save now'],
    ...['notify-keyspace-events', 'KEA', 'latency-tracking-info-percentiles', '1 2.5'],
  ];
  const bytes = pairs.map((text) => Buffer.from(text, 'latin1'));
  assert.equal(await client.call('CONFIG', 'SET', ...bytes), 'OK');
  assert.equal(await client.call('REPLICAOF', '127.0.0.1', '1'), 'OK');
  assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
  const mine = await client.call('CONFIG', 'GET', '*');
  assert(Array.isArray(mine));
  const text = withoutPlace(ours);
  await ours.stop();
  const other = await start(t, redis, text);
  const asked = await other.connect();
  const differences: string[] = [];
  for (let i = 0; i < mine.length; i += 2) {
    if (['port', 'dir'].includes(String(mine[i]))) continue;
    const reply = await asked.call('CONFIG', 'GET', String(mine[i]));
    if (!Array.isArray(reply) || reply.length === 0) continue;
    if (reply[1] !== mine[i + 1]) differences.push(`${mine[i]}: ${reply[1]} | ${mine[i + 1]}`);
  }
  assert.deepEqual(differences, []);
});

test('the file that a redis-server leaves, with its default user, is one of ours', {
  skip,
}, async (t) => {
  for (const lines of ['', 'requirepass sesame\n']) {
    const theirs = await start(t, redis, `${START}${lines}timeout 5\n`);
    const client = await theirs.connect();
    if (lines !== '') await client.call('AUTH', 'sesame');
    assert.equal(await client.call('CONFIG', 'REWRITE'), 'OK');
    const text = withoutPlace(theirs);
    assert.match(text, /^user default on /m);
    await theirs.stop();
    const ours = await start(t, tandem, text);
    const asked = await ours.connect();
    if (lines !== '') await asked.call('AUTH', 'sesame');
    assert.deepEqual(await asked.call('CONFIG', 'GET', 'timeout'), ['timeout', '5']);
    assert.equal(await asked.call('CONFIG', 'SET', 'requirepass', 'another'), 'OK');
    assert.equal(await asked.call('CONFIG', 'REWRITE'), 'OK');
    await ours.crashAndRestart();
    const again = await ours.connect();
    assert.equal(await again.call('AUTH', 'another'), 'OK');
  }
});
