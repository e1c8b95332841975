/*
 * CLIENT and its subcommands over fake connections: the line of CLIENT LIST, whom filters choose,
 * what is refused, and that nothing has happened then.
 */

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { clientCommands } from '../../../src/commands/client-commands.js';
import { clientLine } from '../../../src/commands/client-line.js';
import * as errors from '../../../src/commands/server-errors.js';
import { type FakeConnection, ServerFixture } from './server-fixture.js';

let server: ServerFixture;

beforeEach(() => {
  server = new ServerFixture([clientCommands]);
});

/** Ids in the reply of CLIENT LIST, in order. */
function idsIn(reply: string): number[] {
  return [...reply.matchAll(/id=(\d+) /g)].map(([, id]) => Number(id));
}

/** Three further clients: 2 normal, 3 replica, 4 the link to our primary. */
function addOthers(): void {
  server.addClient({ remoteAddress: '127.0.0.1:50002' });
  server.addClient({ remoteAddress: '127.0.0.1:50003' }).kind = 'replica';
  server.addClient({ remoteAddress: '127.0.0.1:50004' }).kind = 'primary';
}

function killedIds(): number[] {
  const isGone = (connection: unknown) => (connection as FakeConnection).isDestroyed;
  return [...server.clients].filter(({ connection }) => isGone(connection)).map(({ id }) => id);
}

describe('CLIENT', () => {
  test("LIST's line has Redis 7.2's tokens in its order", () => {
    const reply = server.run('CLIENT', 'LIST');
    assert.match(
      reply,
      new RegExp(
        '^\\$\\d+\\r\\nid=1 addr=127.0.0.1:50001 laddr=127.0.0.1:6379 fd=8 name= age=0 idle=0 ' +
          'flags=N db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=\\d+ qbuf-free=0 argv-mem=10 ' +
          'multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0 tot-mem=\\d+ events=r ' +
          'cmd=client\\|list user=default redir=-1 resp=2 lib-name= lib-ver=\\n\\r\\n$',
      ),
    );
  });

  test('LIST is verbatim text in RESP3', () => {
    server.client.protocol = 3;
    assert.match(server.run('CLIENT', 'LIST'), /^=\d+\r\ntxt:id=1 .* resp=3 /);
  });

  test('LIST filters by type and by ids, in the order of the ids', () => {
    addOthers();
    assert.deepEqual(idsIn(server.run('CLIENT', 'LIST')), [1, 2, 3, 4]);
    assert.deepEqual(idsIn(server.run('CLIENT', 'LIST', 'TYPE', 'normal')), [1, 2]);
    assert.deepEqual(idsIn(server.run('CLIENT', 'LIST', 'type', 'SLAVE')), [3]);
    assert.deepEqual(idsIn(server.run('CLIENT', 'LIST', 'TYPE', 'master')), [4]);
    assert.deepEqual(idsIn(server.run('CLIENT', 'LIST', 'ID', '4', '99', '2')), [4, 2]);
    assert.equal(server.run('CLIENT', 'LIST', 'TYPE', 'pubsub'), '$0\r\n\r\n');
  });

  test('LIST refuses what it does not know', () => {
    assert.equal(
      server.run('CLIENT', 'LIST', 'TYPE', 'x'),
      `-${errors.unknownClientType('x')}\r\n`,
    );
    assert.equal(server.run('CLIENT', 'LIST', 'ID', 'x'), `-${errors.BAD_CLIENT_ID}\r\n`);
    assert.equal(server.run('CLIENT', 'LIST', 'TYPE'), '-ERR syntax error\r\n');
    assert.equal(server.run('CLIENT', 'LIST', 'ID'), '-ERR syntax error\r\n');
  });

  test('a line tells of a link to the primary, of watches, transactions and pending output', () => {
    const client = server.addClient({ outputBytes: 7, outputChunks: 2, isReaderSlow: true });
    client.kind = 'primary';
    client.isNoEvict = true;
    client.blocked = 'pause';
    client.closesAfterReply = true;
    const line = clientLine(client, server.timers.nowMs + 2500);
    assert.match(line, / age=2 idle=2 flags=Mbce /);
    assert.match(line, / oll=2 omem=7 .* events=rw cmd=NULL user=\(superuser\) /);
  });

  test('names and library words must be printable', () => {
    assert.equal(server.run('CLIENT', 'GETNAME'), '$-1\r\n');
    assert.equal(server.run('CLIENT', 'SETNAME', 'a b'), `-${errors.BAD_CLIENT_NAME}\r\n`);
    assert.equal(server.run('CLIENT', 'SETNAME', 'a-b'), '+OK\r\n');
    assert.equal(server.run('CLIENT', 'GETNAME'), '$3\r\na-b\r\n');
    assert.equal(server.run('CLIENT', 'SETNAME', ''), '+OK\r\n');
    assert.equal(server.run('CLIENT', 'GETNAME'), '$-1\r\n');
    assert.equal(
      server.run('CLIENT', 'SETINFO', 'LIB-NAME', 'a\nb'),
      `-${errors.badClientInfo('LIB-NAME')}\r\n`,
    );
    assert.equal(
      server.run('CLIENT', 'SETINFO', 'x', 'y'),
      `-${errors.unknownClientInfo('x')}\r\n`,
    );
    assert.equal(server.run('CLIENT', 'SETINFO', 'lib-ver', '1.2'), '+OK\r\n');
    assert.match(server.run('CLIENT', 'INFO'), / lib-name= lib-ver=1\.2\n/);
  });

  test('KILL by address may hit the caller, which gets its reply first', () => {
    assert.equal(server.run('CLIENT', 'KILL', '127.0.0.1:50001'), '+OK\r\n');
    assert.equal(server.client.closesAfterReply, true);
    assert.deepEqual(killedIds(), []);
    assert.equal(server.run('CLIENT', 'KILL', '127.0.0.1:1'), `-${errors.NO_SUCH_CLIENT}\r\n`);
  });

  test('KILL with filters kills those that fit all of them, and spares the caller', () => {
    addOthers();
    assert.equal(server.run('CLIENT', 'KILL', 'TYPE', 'normal', 'ID', '3'), ':0\r\n');
    assert.equal(server.run('CLIENT', 'KILL', 'TYPE', 'normal'), ':1\r\n');
    assert.deepEqual(killedIds(), [2]);
    assert.equal(server.run('CLIENT', 'KILL', 'ADDR', '127.0.0.1:50003'), ':1\r\n');
    assert.deepEqual(killedIds(), [2, 3]);
  });

  test('KILL by user leaves the link to the primary alone', () => {
    addOthers();
    assert.equal(server.run('CLIENT', 'KILL', 'USER', 'default', 'SKIPME', 'no'), ':3\r\n');
    assert.deepEqual(killedIds(), [2, 3]);
    assert.equal(server.client.closesAfterReply, true);
  });

  test('KILL refuses a bad filter before anybody is killed', () => {
    addOthers();
    const refused: [string[], string][] = [
      [['ID', '0'], errors.CLIENT_ID_NOT_POSITIVE],
      [['ID', 'x'], errors.CLIENT_ID_NOT_POSITIVE],
      [['TYPE', 'x'], errors.unknownClientType('x')],
      [['USER', 'x'], errors.noSuchUser('x')],
      [['SKIPME', 'x'], 'ERR syntax error'],
      [['TYPE', 'normal', 'ID'], 'ERR syntax error'],
      [['WHAT', 'x'], 'ERR syntax error'],
    ];
    for (const [words, error] of refused) {
      assert.equal(server.run('CLIENT', 'KILL', ...words), `-${error}\r\n`);
    }
    assert.deepEqual(killedIds(), []);
  });

  test('PAUSE and UNPAUSE set and end the pause, after every argument was right', () => {
    assert.equal(
      server.run('CLIENT', 'PAUSE', '100', 'sometimes'),
      `-${errors.BAD_PAUSE_MODE}\r\n`,
    );
    assert.match(server.run('CLIENT', 'PAUSE', '-1'), /timeout is negative/);
    assert.match(server.run('CLIENT', 'PAUSE', 'x'), /timeout is not an integer or out of range/);
    assert.match(server.run('CLIENT', 'PAUSE', '9223372036854775807'), /timeout is out of range/);
    assert.equal(server.pause.isActive, false);
    assert.equal(server.run('CLIENT', 'PAUSE', '100', 'WRITE'), '+OK\r\n');
    assert.equal(server.pause.mode, 'write');
    assert.equal(server.run('CLIENT', 'PAUSE', '100'), '+OK\r\n');
    assert.equal(server.pause.mode, 'all');
    assert.equal(server.run('CLIENT', 'UNPAUSE'), '+OK\r\n');
    assert.equal(server.pause.isActive, false);
  });

  test('NO-EVICT is on or off', () => {
    assert.equal(server.run('CLIENT', 'NO-EVICT', 'ON'), '+OK\r\n');
    assert.equal(server.client.isNoEvict, true);
    assert.equal(server.run('CLIENT', 'NO-EVICT', 'maybe'), '-ERR syntax error\r\n');
    assert.equal(server.run('CLIENT', 'NO-EVICT', 'off'), '+OK\r\n');
    assert.equal(server.client.isNoEvict, false);
  });

  test('UNBLOCK gives up what may be given up, and nothing else', () => {
    const other = server.addClient();
    const given: string[] = [];
    assert.equal(server.run('CLIENT', 'UNBLOCK', String(other.id)), ':0\r\n');
    other.blocked = 'pause';
    assert.equal(server.run('CLIENT', 'UNBLOCK', String(other.id)), ':0\r\n');
    other.blocked = 'wait';
    other.onGivenUp = (how) => given.push(how);
    assert.equal(server.run('CLIENT', 'UNBLOCK', String(other.id)), ':1\r\n');
    assert.equal(server.run('CLIENT', 'UNBLOCK', String(other.id), 'Error'), ':1\r\n');
    assert.match(server.run('CLIENT', 'UNBLOCK', 'x', 'why'), /reason should be TIMEOUT or ERROR/);
    assert.deepEqual(given, ['timeout', 'error']);
  });

  test('HELP begins with the usage and ends with itself', () => {
    const lines = server.run('CLIENT', 'HELP').split('\r\n');
    assert.equal(lines[0], `*${lines.length - 2}`);
    assert.equal(lines[1], '+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:');
    assert.equal(lines.at(-3), '+HELP');
  });

  test('HELP lists every subcommand', () => {
    const lines = server.run('CLIENT', 'HELP').split('\r\n');
    for (const { name } of clientCommands[0].subcommands) {
      const word = `+${name.slice('client|'.length).toUpperCase()}`;
      assert.ok(
        lines.some((line) => line === word || line.startsWith(`${word} `)),
        name,
      );
    }
  });
});
