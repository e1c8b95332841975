/*
 * INFO: its sections and fields against those of redis-server 7.2.4, and figures over fakes.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Client } from '../../../src/commands/client.js';
import { ClientRegistry } from '../../../src/commands/client-registry.js';
import { CommandTable } from '../../../src/commands/command-table.js';
import type { Services } from '../../../src/commands/services.js';
import { Config } from '../../../src/config/config.js';
import { type InfoSources, infoText } from '../../../src/observability/info.js';
import { humanBytes, percentText } from '../../../src/observability/info-format.js';
import { readProcessFigures } from '../../../src/observability/info-process.js';
import { Stats } from '../../../src/observability/stats.js';
import { PubSub } from '../../../src/pubsub/pub-sub.js';
import { repositoryRoot } from '../../helpers/repository.js';
import { FakeConnection } from '../commands/server-fixture.js';

function sources(overrides: object = {}): InfoSources & { services: Services } {
  const contents = { dict: { bucketBytes: 600 }, wheelBytes: 30 };
  const noDatabase = { size: 0, expires: 0, averageTtlMs: 0, contents };
  const row = { arity: 1, flags: [], group: 'server', since: '', summary: '' } as const;
  const commands = new CommandTable([[{ ...row, name: 'get', run: () => {} }]]);
  const clients = new ClientRegistry();
  for (const kind of ['normal', 'replica'] as const) {
    const connection = new FakeConnection();
    const client = new Client({ id: clients.nextId(), connection, nowMs: 0 });
    client.kind = kind;
    clients.add(client);
  }
  const services = {
    clients,
    commands,
    config: new Config(),
    clock: {
      wallMs: () => 5_000_000,
      wallMicroseconds: () => 5_000_000_123,
      monotonicMs: () => 0,
    },
    keyspace: {
      usedBytes: 1_000_000,
      memory: { usedBytes: 900_000, residentBytes: 1_800_000 },
      lazyFreePending: 0,
      lazyFreedObjects: 0,
      expiredKeys: 3,
      expiredStalePercent: 1.5,
      expiredTimeCapReachedCount: 0,
      ownExpiries: 4,
      keyspaceHits: 1,
      keyspaceMisses: 2,
      databases: [
        { ...noDatabase, index: 0 },
        { index: 1, size: 2, expires: 1, averageTtlMs: 500, contents },
      ],
    },
    replication: {
      role: 'primary',
      backlogBytes: 1000,
      uncountedBytes: 0,
      infoLines: () => ['role:master', 'connected_slaves:1'],
    },
    snapshots: { persistenceInfoLines: () => ['rdb_saves:4', 'tandem_own:1'] },
    server: {
      pid: 77,
      runId: 'r'.repeat(40),
      startedAtMs: 0,
      configFile: '',
      executable: '/x',
      isLoading: false,
      loadingInfoLines: () => ['loading_eta_seconds:1'],
      isShuttingDown: () => false,
      shutdownInMs: 0,
    },
    stats: new Stats({ commands: commands.all.length }),
    pubsub: new PubSub({ hashSeed: new Uint8Array(16) }),
    ...overrides,
  } as unknown as Services;
  const figures = { ...readProcessFigures(), residentBytes: 9_000_000 };
  const readProcess = () => figures;
  return { services, version: '9.9.9', readProcess };
}

/** Titles and fields, in order. */
function linesOf(text: string): string[] {
  return text.split('\r\n').map((line) => line.split(':')[0] ?? '');
}

function field(text: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)\\r$`, 'm').exec(text)?.[1];
}

const factsFile = join(
  repositoryRoot,
  ...['test', 'unit', 'observability', 'redis-7.2.4-info.txt'],
);

/** Titles and fields of INFO everything of redis-server 7.2.4. The first line is about the file. */
const facts = readFileSync(factsFile, 'utf8').trim().split('\n').slice(1);

/** What Redis has and we do not, and why. */
const missing: Readonly<Record<string, string>> = {};

/** What we have besides; docs/DIFFERENCES.md tells of it. */
const ours = new Set([
  ...['server_name', 'tandem_version'],
  'client_query_buffer_limit_disconnections',
  'client_output_buffer_limit_disconnections',
  // Given by the fakes of this test.
  'tandem_own',
]);

const notDefault = ['# Commandstats', '# Latencystats'];

/** Without the sections of these titles. */
function withoutSections(lines: readonly string[], titles: readonly string[]): string[] {
  let isKept = true;
  return lines.filter((line) => {
    if (line.startsWith('# ')) isKept = !titles.includes(line);
    return isKept;
  });
}

describe('INFO', () => {
  for (const section of ['', 'default', 'all', 'everything']) {
    test(`the sections and fields of redis-server 7.2.4, in its order: INFO ${section}`, () => {
      const asked = section === '' ? [] : [section];
      const hasAll = section === 'all' || section === 'everything';
      const expected = facts.filter((line) => missing[line] === undefined);
      const text = infoText(sources({ replication: fullReplication }), asked);
      assert.deepEqual(
        linesOf(text).filter((line) => line !== '' && !line.startsWith('db1') && !ours.has(line)),
        hasAll ? expected : withoutSections(expected, notDefault),
      );
    });
  }

  test('who adds a field of Redis takes it off the list of what is missing', () => {
    const shown = linesOf(infoText(sources({ replication: fullReplication }), ['everything']));
    assert.deepEqual(
      Object.keys(missing).filter((line) => shown.includes(line) || !facts.includes(line)),
      [],
    );
  });

  test('a section asked for by name has the fields of that section', () => {
    const titles = facts.filter((line) => line.startsWith('# '));
    for (const title of titles) {
      const others = titles.filter((other) => other !== title);
      const text = infoText(sources({ replication: fullReplication }), [
        title.slice(2).toLowerCase(),
      ]);
      assert.deepEqual(
        linesOf(text).filter((line) => line !== '' && !line.startsWith('db1') && !ours.has(line)),
        withoutSections(facts, others),
      );
    }
  });

  test('without arguments it has the default sections', () => {
    const titles = linesOf(infoText(sources(), [])).filter((line) => line.startsWith('#'));
    assert.deepEqual(titles, [
      ...['# Server', '# Clients', '# Memory', '# Persistence', '# Stats', '# Replication'],
      ...['# CPU', '# Modules', '# Errorstats', '# Cluster', '# Keyspace'],
    ]);
    assert.equal(infoText(sources(), ['default']).includes('# Commandstats'), false);
  });

  test('sections come once, in their own order, and unknown ones give nothing', () => {
    const text = infoText(sources(), ['cpu', 'server', 'cpu', 'sentinel']);
    assert.deepEqual(
      linesOf(text).filter((line) => line.startsWith('#')),
      ['# Server', '# CPU'],
    );
    assert.match(text, /\r\n\r\n# CPU\r\n/);
    assert.equal(infoText(sources(), ['sentinel']), '');
    const source = sources();
    const all = infoText(source, ['all', 'cpu']);
    assert.equal(all, infoText(source, ['everything', 'default']));
  });

  test('the server says what it stands for and what it is', () => {
    const text = infoText(sources(), ['server']);
    assert.deepEqual(
      ['redis_version', 'server_name', 'tandem_version', 'uptime_in_seconds', 'tcp_port'].map(
        (name) => field(text, name),
      ),
      ['7.2.4', 'tandem', '9.9.9', '5000', '6379'],
    );
    assert.equal(field(text, 'listener0'), 'name=tcp,bind=*,bind=-::*,port=6379');
    assert.equal(field(text, 'shutdown_in_milliseconds'), undefined);
  });

  test('memory adds up', () => {
    const text = infoText(sources(), ['memory']);
    const number = (name: string) => Number(field(text, name));
    // One of the two databases has keys: its table and its expiry index are overhead.
    assert.equal(number('used_memory_dataset'), 1_000_000 - 630);
    assert.equal(
      number('used_memory'),
      number('used_memory_dataset') + number('used_memory_overhead'),
    );
    assert.equal(
      number('used_memory_overhead'),
      number('mem_clients_normal') + number('mem_clients_slaves') + 1000 + 630,
    );
    assert.equal(number('used_memory_peak'), number('used_memory'));
    assert.equal(field(text, 'allocator_frag_ratio'), '2.00');
  });

  test('clients without replicas are connected clients', () => {
    assert.equal(field(infoText(sources(), ['clients']), 'connected_clients'), '1');
  });

  test('parts give their own figures, and defaults fill what they leave out', () => {
    const text = infoText(sources(), ['persistence']);
    assert.equal(field(text, 'rdb_saves'), '4');
    assert.equal(field(text, 'aof_enabled'), '0');
    assert.equal(field(text, 'tandem_own'), '1');
    assert.equal(field(text, 'loading_eta_seconds'), undefined);
    assert.match(
      infoText(sources(), ['replication']),
      /^# Replication\r\nrole:master\r\nconnected_slaves:1\r\n$/,
    );
  });

  test('what expiry in the background costs, and which keys a replica looks after itself', () => {
    const source = sources();
    source.services.stats.expiryMicroseconds = 2900;
    const text = infoText(source, ['stats']);
    assert.match(text, /\r\nexpire_cycle_cpu_milliseconds:2\r\n/);
    assert.match(text, /\r\nslave_expires_tracked_keys:4\r\n/);
  });

  test('commands, errors and latencies are shown once there are some', () => {
    const source = sources();
    const { stats } = source.services;
    assert.equal(infoText(source, ['commandstats']), '# Commandstats\r\n');
    stats.onCommand(0, 1, false);
    stats.onCommand(0, 2, true);
    stats.onErrorReply('WRONG:TYPE x');
    assert.equal(
      infoText(source, ['commandstats', 'errorstats', 'latencystats']),
      '# Commandstats\r\n' +
        'cmdstat_get:calls=2,usec=3,usec_per_call=1.50,rejected_calls=0,failed_calls=1\r\n' +
        '\r\n# Errorstats\r\nerrorstat_WRONG_TYPE:count=1\r\n' +
        '\r\n# Latencystats\r\nlatency_percentiles_usec_get:p50=1.003,p99=2.007,p99.9=2.007\r\n',
    );
  });

  test('only databases with keys are shown', () => {
    assert.equal(
      infoText(sources(), ['keyspace']),
      '# Keyspace\r\ndb1:keys=2,expires=1,avg_ttl=500\r\n',
    );
  });

  test('bytes for people', () => {
    assert.deepEqual([0, 1023, 1024, 1536, 1024 ** 2, 1.5 * 1024 ** 3, 1024 ** 6].map(humanBytes), [
      '0B',
      '1023B',
      '1.00K',
      '1.50K',
      '1.00M',
      '1.50G',
      '1024.00P',
    ]);
    assert.deepEqual([percentText(1, 3), percentText(1, 0)], ['33.33%', '0.00%']);
  });
});

const fullReplication = {
  role: 'primary',
  backlogBytes: 0,
  uncountedBytes: 0,
  infoLines: () => [
    ...['role:master', 'connected_slaves:0', 'master_failover_state:no-failover'],
    ...['master_replid:0', 'master_replid2:0', 'master_repl_offset:0', 'second_repl_offset:-1'],
    ...['repl_backlog_active:0', 'repl_backlog_size:0', 'repl_backlog_first_byte_offset:0'],
    'repl_backlog_histlen:0',
  ],
};
