/*
 * REPLICAOF, the handshake's commands, WAIT and WAITAOF over a fake replication: what is handed on,
 * what is refused, how a wait ends.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { replicationCommands } from '../../../src/commands/replication-commands.js';
import { replicationWaitCommands } from '../../../src/commands/replication-wait-commands.js';
import * as errors from '../../../src/commands/server-errors.js';
import type { AckKind, AckWish } from '../../../src/commands/services.js';
import { ServerFixture } from './server-fixture.js';

interface Wait extends AckWish {
  isCancelled: boolean;
}

function setUp(context: object = {}) {
  const calls: unknown[] = [];
  const waits: Wait[] = [];
  const replication = {
    role: 'primary' as 'primary' | 'replica',
    acked: 0,
    fsynced: 0,
    outcome: 'ok',
    replicaOf(target: unknown, by: string): string {
      calls.push(target, by.slice(0, 5));
      return this.outcome;
    },
    onSync: (_ctx: unknown, request: unknown) => calls.push(request),
    onReplconf: (_ctx: unknown, options: unknown) => calls.push(options),
    countAcked(_offset: number, kind: AckKind): number {
      return kind === 'executed' ? this.acked : this.fsynced;
    },
    awaitAcks(wanted: AckWish): () => void {
      const wait: Wait = { ...wanted, isCancelled: false };
      waits.push(wait);
      return () => {
        wait.isCancelled = true;
      };
    },
  };
  const server = new ServerFixture([replicationCommands, replicationWaitCommands], {
    services: { replication },
    context,
  });
  return { calls, waits, replication, server };
}

describe('REPLICAOF', () => {
  test('names a primary, or none', () => {
    const { server, calls, replication } = setUp();
    assert.equal(server.run('REPLICAOF', 'h', '7000'), '+OK\r\n');
    assert.equal(server.run('SLAVEOF', 'No', 'ONE'), '+OK\r\n');
    replication.outcome = 'already-connected';
    assert.equal(
      server.run('REPLICAOF', 'h', '7000'),
      '+OK Already connected to specified master\r\n',
    );
    const target = { host: 'h', port: 7000 };
    assert.deepEqual(calls, [target, 'id=1 ', null, 'id=1 ', target, 'id=1 ']);
  });

  test('refuses a bad port, and a replica that would cut itself off', () => {
    const { server, calls } = setUp();
    for (const port of ['-1', '65536', 'x']) {
      assert.equal(server.run('REPLICAOF', 'h', port), `-${errors.BAD_PRIMARY_PORT}\r\n`);
    }
    server.client.kind = 'replica';
    assert.equal(server.run('REPLICAOF', 'h', '1'), `-${errors.REPLICA_MAY_NOT}\r\n`);
    assert.deepEqual(calls, []);
    assert.equal(server.run('REPLICAOF', 'NO', 'ONE'), '+OK\r\n');
  });
});

describe('the handshake', () => {
  test('PSYNC, SYNC and REPLCONF are handed on', () => {
    const { server, calls } = setUp();
    server.run('PSYNC', '?', '-1');
    server.run('SYNC');
    server.run('REPLCONF', 'capa', 'eof', 'capa', 'psync2');
    const capabilities = ['capa', 'eof', 'capa', 'psync2'];
    assert.deepEqual(calls, [{ replid: '?', offset: -1 }, null, capabilities]);
  });

  test('PSYNC needs a number, REPLCONF a value for each option', () => {
    const { server, calls } = setUp();
    assert.match(server.run('PSYNC', '?', 'x'), /^-ERR value is not an integer/);
    assert.equal(server.run('REPLCONF', 'capa'), '-ERR syntax error\r\n');
    assert.deepEqual(calls, []);
  });
});

describe('WAIT', () => {
  test('answers at once when enough replicas have confirmed', () => {
    const { server, replication } = setUp();
    replication.acked = 2;
    assert.equal(server.run('WAIT', '1', '0'), ':2\r\n');
    assert.equal(server.run('WAIT', '-5', '0'), ':2\r\n');
  });

  test("waits for the client's own last write, and answers when it is reached", () => {
    const { server, waits } = setUp();
    server.client.lastWriteOffset = 77;
    assert.equal(server.run('WAIT', '3', '500'), '');
    assert.deepEqual([waits[0]?.count, waits[0]?.offset], [3, 77]);
    assert.equal(server.blocked?.timeoutMs, 500);
    waits[0]?.onReached(3);
    assert.equal(server.blocked?.answer, ':3\r\n');
  });

  test('answers what there is when the time is over, and asks no further', () => {
    const { server, waits, replication } = setUp();
    server.run('WAIT', '3', '500');
    replication.acked = 1;
    server.blocked?.timeOut();
    assert.equal(server.blocked?.answer, ':1\r\n');
    assert.equal(waits[0]?.isCancelled, true);
  });

  test('a client that leaves waits for nothing', () => {
    const { server, waits } = setUp();
    server.run('WAIT', '3', '0');
    server.blocked?.leave();
    assert.equal(waits[0]?.isCancelled, true);
  });

  test('never blocks inside EXEC, and is refused on a replica', () => {
    const inside = setUp({ isInTransaction: true });
    assert.equal(inside.server.run('WAIT', '3', '0'), ':0\r\n');
    const { server, replication } = setUp();
    replication.role = 'replica';
    assert.equal(server.run('WAIT', 'x', '0'), `-${errors.WAIT_ON_REPLICA}\r\n`);
  });

  test('reads both numbers strictly', () => {
    const { server } = setUp();
    assert.match(server.run('WAIT', 'x', '0'), /value is not an integer/);
    assert.match(server.run('WAIT', '1', '-1'), /timeout is negative/);
    assert.match(server.run('WAIT', '1', '1.5'), /timeout is not an integer/);
  });
});

describe('WAITAOF', () => {
  test('counts replicas that have the writes on disk, and nothing here', () => {
    const { server, replication } = setUp();
    replication.acked = 5;
    replication.fsynced = 1;
    assert.equal(server.run('WAITAOF', '0', '1', '0'), '*2\r\n:0\r\n:1\r\n');
    assert.equal(server.run('WAITAOF', '1', '0', '0'), `-${errors.WAITAOF_WITHOUT_LOG}\r\n`);
  });

  test('waits for that kind of confirmation, and answers when it is there or time is over', () => {
    const { server, waits, replication } = setUp();
    server.client.lastWriteOffset = 77;
    assert.equal(server.run('WAITAOF', '0', '2', '500'), '');
    const { kind, count, offset } = waits[0] ?? {};
    assert.deepEqual([kind, count, offset], ['fsynced', 2, 77]);
    waits[0]?.onReached(2);
    assert.equal(server.blocked?.answer, '*2\r\n:0\r\n:2\r\n');
    server.run('WAITAOF', '0', '2', '500');
    replication.fsynced = 1;
    server.blocked?.timeOut();
    assert.equal(server.blocked?.answer, '*2\r\n:0\r\n:1\r\n');
    assert.equal(waits[1]?.isCancelled, true);
  });

  test('never blocks inside EXEC, and looks at its arguments before the role', () => {
    const inside = setUp({ isInTransaction: true });
    assert.equal(inside.server.run('WAITAOF', '0', '3', '0'), '*2\r\n:0\r\n:0\r\n');
    const { server, replication } = setUp();
    replication.role = 'replica';
    assert.match(server.run('WAITAOF', '2', '0', '0'), /value must between 0 and 1/);
    assert.match(server.run('WAITAOF', '0', '-1', '0'), /must be positive/);
    assert.match(server.run('WAITAOF', '1', '0', '-1'), /timeout is negative/);
    assert.equal(server.run('WAITAOF', '1', '0', '0'), `-${errors.WAITAOF_ON_REPLICA}\r\n`);
  });
});
