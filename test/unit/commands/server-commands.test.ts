/*
 * SAVE, BGSAVE, SHUTDOWN, TIME, MEMORY, INFO and CONFIG over fakes: options, and the replies of
 * commands that end later.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { configCommands } from '../../../src/commands/config-command.js';
import { infoCommands } from '../../../src/commands/info-command.js';
import { serverCommands } from '../../../src/commands/server-commands.js';
import * as errors from '../../../src/commands/server-errors.js';
import { memoryCommands } from '../../../src/commands/server-memory-commands.js';
import { ServerFixture } from './server-fixture.js';

/** A save that the test ends. */
function saves() {
  const state = { isSaving: false, reasons: [] as string[], scheduled: 0 };
  let finish: (ok: boolean) => void = () => {};
  let fail: (error: Error) => void = () => {};
  const snapshots = {
    get isSaving(): boolean {
      return state.isSaving;
    },
    lastSaveAtSeconds: 1234,
    save(reason: string): 'busy' | Promise<boolean> {
      if (state.isSaving) return 'busy';
      state.isSaving = true;
      state.reasons.push(reason);
      return new Promise((resolve, reject) => {
        finish = resolve;
        fail = reject;
      });
    },
    scheduleSave: () => {
      state.scheduled++;
    },
  };
  return { state, snapshots, finish: (ok: boolean) => finish(ok), fail: (e: Error) => fail(e) };
}

describe('SAVE and BGSAVE', () => {
  test('SAVE blocks its own client until the snapshot has ended', async () => {
    const { snapshots, finish } = saves();
    const server = new ServerFixture([serverCommands], { services: { snapshots } });
    assert.equal(server.run('SAVE'), '');
    assert.equal(server.blocked?.reason, 'save');
    finish(true);
    await setImmediate();
    assert.equal(server.blocked?.answer, '+OK\r\n');
  });

  test('SAVE answers a bare ERR when the save failed, however it did', async () => {
    for (const end of ['refused', 'thrown']) {
      const { snapshots, finish, fail } = saves();
      const server = new ServerFixture([serverCommands], { services: { snapshots } });
      server.run('SAVE');
      if (end === 'refused') finish(false);
      else fail(new Error('worker died'));
      await setImmediate();
      assert.equal(server.blocked?.answer, '-ERR\r\n');
    }
  });

  test('one save at a time', () => {
    const { snapshots } = saves();
    const server = new ServerFixture([serverCommands], { services: { snapshots } });
    assert.equal(server.run('BGSAVE'), '+Background saving started\r\n');
    for (const words of [['BGSAVE'], ['BGSAVE', 'SCHEDULE'], ['SAVE']]) {
      assert.equal(server.run(...words), `-${errors.ALREADY_SAVING}\r\n`);
    }
    assert.equal(server.run('BGSAVE', 'x'), '-ERR syntax error\r\n');
  });

  test('inside EXEC, BGSAVE waits for its end', () => {
    const { snapshots, state } = saves();
    const server = new ServerFixture([serverCommands], {
      services: { snapshots },
      context: { isInTransaction: true },
    });
    assert.equal(server.run('BGSAVE'), '+Background saving scheduled\r\n');
    assert.deepEqual([state.scheduled, state.reasons.length], [1, 0]);
  });

  test('LASTSAVE answers seconds', () => {
    const { snapshots } = saves();
    const server = new ServerFixture([serverCommands], { services: { snapshots } });
    assert.equal(server.run('LASTSAVE'), ':1234\r\n');
  });
});

describe('SHUTDOWN', () => {
  interface Request {
    save: string;
    isNow: boolean;
    isForced: boolean;
    onRefused: () => void;
  }

  function setUp() {
    const requests: Request[] = [];
    const shutdown = (request: Request) => requests.push(request);
    const state = { isUnderWay: false };
    const abortShutdown = () => state.isUnderWay;
    const services = { server: { shutdown, abortShutdown } };
    return { requests, state, server: new ServerFixture([serverCommands], { services }) };
  }

  test('its options are told apart', () => {
    const { server, requests } = setUp();
    const cases: [string[], string, boolean, boolean][] = [
      [[], 'default', false, false],
      [['nosave'], 'nosave', false, false],
      [['SAVE', 'NOW'], 'save', true, false],
      [['force', 'now', 'nosave'], 'nosave', true, true],
    ];
    for (const [words, save, isNow, isForced] of cases) {
      assert.equal(server.run('SHUTDOWN', ...words), '');
      const request = requests.at(-1);
      assert.deepEqual([request?.save, request?.isNow, request?.isForced], [save, isNow, isForced]);
    }
  });

  test('a refused one answers the client that asked for it', () => {
    const { server, requests } = setUp();
    server.run('SHUTDOWN');
    assert.equal(server.blocked?.reason, 'shutdown');
    requests[0]?.onRefused();
    assert.equal(server.blocked?.answer, `-${errors.SHUTDOWN_FAILED}\r\n`);
  });

  test('ABORT stands alone, and says when there is nothing to abort', () => {
    const { server, state } = setUp();
    assert.equal(server.run('SHUTDOWN', 'ABORT'), `-${errors.NO_SHUTDOWN}\r\n`);
    state.isUnderWay = true;
    assert.equal(server.run('SHUTDOWN', 'ABORT'), '+OK\r\n');
    for (const words of [['ABORT', 'NOW'], ['SAVE', 'NOSAVE'], ['NOSAVE', 'SAVE'], ['x']]) {
      assert.equal(server.run('SHUTDOWN', ...words), '-ERR syntax error\r\n');
    }
  });
});

describe('TIME, MEMORY, INFO, CONFIG', () => {
  test('TIME answers seconds and microseconds', () => {
    const server = new ServerFixture([serverCommands]);
    server.timers.nowMs = 1_700_000_000_123;
    assert.equal(server.run('TIME'), '*2\r\n$10\r\n1700000000\r\n$6\r\n123123\r\n');
    server.timers.nowMs = 1_700_000_000_000;
    assert.equal(server.run('TIME'), '*2\r\n$10\r\n1700000000\r\n$3\r\n123\r\n');
  });

  test('MEMORY USAGE answers the bytes of a key, null for none, and checks SAMPLES', () => {
    const db = {
      peekAny: (key: Uint8Array, start: number) => (key[start] === 0x6b ? 7 : 0),
      memoryUsage: (entry: number) => entry * 8,
    };
    const server = new ServerFixture([memoryCommands], { context: { db } });
    assert.equal(server.run('MEMORY', 'USAGE', 'k'), ':56\r\n');
    assert.equal(server.run('MEMORY', 'USAGE', 'k', 'SAMPLES', '0'), ':56\r\n');
    assert.equal(server.run('MEMORY', 'USAGE', 'x'), '$-1\r\n');
    assert.equal(server.run('MEMORY', 'USAGE', 'k', 'SAMPLES', '-1'), '-ERR syntax error\r\n');
    assert.equal(server.run('MEMORY', 'USAGE', 'k', 'SAMPLES'), '-ERR syntax error\r\n');
    assert.match(server.run('MEMORY', 'USAGE', 'k', 'SAMPLES', 'x'), /not an integer/);
  });

  test('MEMORY STATS answers a map, a map within it for each database with keys', () => {
    const figures = {
      ...{ used: 1000, peak: 2000, backlog: 10, replicas: 20, clients: 30 },
      ...{ clientCount: 1, replicaCount: 0, overhead: 100, dataset: 900, keys: 3 },
      ...{ allocated: 800, active: 1600, resident: 3200 },
      databases: [{ index: 2, tableBytes: 64, expiryBytes: 8 }],
    };
    const services = { server: { memoryFigures: () => figures } };
    const server = new ServerFixture([memoryCommands], { services });
    server.client.protocol = 3;
    const reply = server.run('MEMORY', 'STATS').replaceAll(/\$\d+\r\n/g, '');
    assert.equal(
      reply.replaceAll('\r\n', ' '),
      '%28 peak.allocated :2000 total.allocated :1000 startup.allocated :0 ' +
        'replication.backlog :10 clients.slaves :20 clients.normal :30 cluster.links :0 ' +
        'aof.buffer :0 lua.caches :0 functions.caches :0 db.2 %3 overhead.hashtable.main :64 ' +
        'overhead.hashtable.expires :8 overhead.hashtable.slot-to-keys :0 overhead.total :100 ' +
        'keys.count :3 keys.bytes-per-key :333 dataset.bytes :900 dataset.percentage ,90 ' +
        'peak.percentage ,50 allocator.allocated :800 allocator.active :1600 ' +
        'allocator.resident :1600 allocator-fragmentation.ratio ,2 ' +
        'allocator-fragmentation.bytes :800 allocator-rss.ratio ,1 allocator-rss.bytes :0 ' +
        'rss-overhead.ratio ,2 rss-overhead.bytes :1600 fragmentation ,3.2 ' +
        'fragmentation.bytes :2200 ',
    );
  });

  test('MEMORY DOCTOR and MALLOC-STATS answer verbatim text, PURGE starts at once', () => {
    let purges = 0;
    const server = new ServerFixture([memoryCommands], {
      services: { server: { memoryReport: () => 'well', allocatorReport: () => 'full' } },
      context: { keyspace: { memory: { purge: () => purges++ } } },
    });
    server.client.protocol = 3;
    assert.equal(server.run('MEMORY', 'DOCTOR'), '=8\r\ntxt:well\r\n');
    assert.equal(server.run('MEMORY', 'MALLOC-STATS'), '=8\r\ntxt:full\r\n');
    assert.equal(server.run('MEMORY', 'PURGE'), '+OK\r\n');
    assert.equal(purges, 1);
  });

  test('INFO hands its sections on in lower case, and answers verbatim text', () => {
    const info = (sections: readonly string[]) => sections.join('+');
    const server = new ServerFixture([infoCommands], { services: { server: { info } } });
    assert.equal(server.run('INFO', 'Memory', 'CPU'), '$10\r\nmemory+cpu\r\n');
    server.client.protocol = 3;
    assert.equal(server.run('INFO'), '=4\r\ntxt:\r\n');
  });

  test('CONFIG GET answers a map, SET all or nothing, RESETSTAT forgets', () => {
    let resets = 0;
    const server = new ServerFixture([configCommands], {
      services: {
        server: { isLoading: false },
        snapshots: { resetStats: () => resets++ },
      },
      context: { keyspace: { resetStats: () => resets++ } },
    });
    server.client.protocol = 3;
    assert.equal(
      server.run('CONFIG', 'GET', 'maxclients'),
      '%1\r\n$10\r\nmaxclients\r\n$5\r\n10000\r\n',
    );
    assert.equal(server.run('CONFIG', 'SET', 'maxclients'), '-ERR syntax error\r\n');
    assert.match(server.run('CONFIG', 'SET', 'nope', '1'), /^-ERR Unknown option or number of/);
    server.stats.onErrorReply('ERR x');
    assert.equal(server.run('CONFIG', 'RESETSTAT'), '+OK\r\n');
    assert.deepEqual([server.stats.errorReplies, resets], [0, 2]);
  });
});
