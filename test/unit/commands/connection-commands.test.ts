/*
 * PING to RESET over fakes: replies, what they change about the client, and that a refused request
 * changes nothing.
 */

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { Silence } from '../../../src/commands/client-silence.js';
import { connectionCommands } from '../../../src/commands/connection-commands.js';
import * as errors from '../../../src/commands/server-errors.js';
import { ServerFixture } from './server-fixture.js';

let server: ServerFixture;

beforeEach(() => {
  server = new ServerFixture([connectionCommands]);
});

function requirePassword(password: string): void {
  server.config.override('requirepass', password);
  server.client.isAuthenticated = false;
}

describe('connection commands', () => {
  test('PING answers PONG, or its argument, and refuses a second one', () => {
    assert.equal(server.run('PING'), '+PONG\r\n');
    assert.equal(server.run('ping', 'h\xff\0'), '$3\r\nh\xff\0\r\n');
    assert.match(server.run('PING', 'a', 'b'), /^-ERR wrong number of arguments for 'ping'/);
  });

  test('SELECT takes the indexes that exist and tells the three other cases apart', () => {
    assert.equal(server.run('SELECT', '15'), '+OK\r\n');
    assert.equal(server.client.database, 15);
    assert.equal(server.run('SELECT', '16'), `-${errors.DATABASE_OUT_OF_RANGE}\r\n`);
    assert.equal(server.run('SELECT', '-1'), `-${errors.DATABASE_OUT_OF_RANGE}\r\n`);
    assert.match(server.run('SELECT', '2147483648'), /between -2147483648 and 2147483647/);
    assert.match(server.run('SELECT', '1x'), /not an integer/);
    assert.equal(server.client.database, 15);
  });

  test('AUTH without a configured password: one argument is a mistake, two are right', () => {
    assert.equal(server.run('AUTH', 'x'), `-${errors.AUTH_WITHOUT_PASSWORD}\r\n`);
    assert.equal(server.run('AUTH', 'default', 'x'), '+OK\r\n');
    assert.equal(server.run('AUTH', 'nobody', 'x'), `-${errors.WRONG_PASSWORD}\r\n`);
    assert.equal(server.run('AUTH', 'a', 'b', 'c'), '-ERR syntax error\r\n');
  });

  test('AUTH lets in with the password only, and counts the failures', () => {
    requirePassword('s\xe9cret');
    assert.equal(server.run('AUTH', 's\xe9cre'), `-${errors.WRONG_PASSWORD}\r\n`);
    assert.equal(server.run('AUTH', 'default', ''), `-${errors.WRONG_PASSWORD}\r\n`);
    assert.equal(server.client.isAuthenticated, false);
    assert.equal(server.stats.authenticationFailures, 2);
    server.stats.reset();
    assert.equal(server.stats.authenticationFailures, 2, 'CONFIG RESETSTAT keeps it');
    assert.equal(server.run('AUTH', 's\xe9cret'), '+OK\r\n');
    assert.equal(server.client.isAuthenticated, true);
  });

  test('HELLO keeps the version when none is given, and answers a flat array in RESP2', () => {
    assert.match(
      server.run('HELLO'),
      /^\*14\r\n.*redis\r\n\$7\r\nversion\r\n\$5\r\n7\.2\.4\r\n\$5\r\nproto\r\n:2\r\n/s,
    );
  });

  test('HELLO 3 switches the protocol before its own reply', () => {
    const reply = server.run('HELLO', '3', 'SETNAME', 'me');
    assert.match(reply, /^%7\r\n/);
    assert.match(reply, /proto\r\n:3\r\n\$2\r\nid\r\n:1\r\n/);
    assert.match(reply, /\$4\r\nmode\r\n\$10\r\nstandalone\r\n\$4\r\nrole\r\n\$6\r\nmaster\r\n/);
    assert.ok(reply.endsWith('$7\r\nmodules\r\n*0\r\n'));
    assert.equal(server.client.protocol, 3);
    assert.equal(server.client.name, 'me');
  });

  test('HELLO changes nothing when one of its options is wrong', () => {
    const refused: [string[], string][] = [
      [['4'], errors.NO_PROTO],
      [['1'], errors.NO_PROTO],
      [['three'], errors.HELLO_VERSION_NOT_AN_INTEGER],
      [['3', 'SETNAME', 'a b'], errors.BAD_CLIENT_NAME],
      [['3', 'SETNAME'], errors.helloSyntax('SETNAME')],
      [['3', 'AUTH', 'default'], errors.helloSyntax('AUTH')],
      [['3', 'SETNAME', 'x', 'nope'], errors.helloSyntax('nope')],
      [['3', 'SETNAME', 'x', 'AUTH', 'nobody', 'p'], errors.WRONG_PASSWORD],
    ];
    for (const [words, error] of refused) {
      assert.equal(server.run('HELLO', ...words), `-${error}\r\n`);
      assert.equal(server.client.protocol, 2);
      assert.equal(server.client.name, '');
    }
  });

  test('HELLO needs the password, and takes it along', () => {
    requirePassword('p');
    assert.equal(server.run('HELLO', '3'), `-${errors.HELLO_UNAUTHENTICATED}\r\n`);
    assert.equal(server.client.protocol, 2);
    assert.match(server.run('HELLO', '3', 'AUTH', 'default', 'p'), /^%7/);
    assert.equal(server.client.isAuthenticated, true);
  });

  test('QUIT answers and closes', () => {
    assert.equal(server.run('QUIT'), '+OK\r\n');
    assert.equal(server.client.closesAfterReply, true);
  });

  test('RESET makes the connection new, but for its library', () => {
    server.config.override('requirepass', 'p');
    const { client } = server;
    Object.assign(client, { database: 3, protocol: 3, name: 'n', isNoEvict: true });
    client.isNoTouch = true;
    client.silence = new Silence();
    client.silence.isOff = true;
    server.monitors.add(client);
    client.libraryName = 'lib';
    assert.equal(server.run('RESET'), '+RESET\r\n');
    assert.deepEqual(server.calls, ['discard']);
    assert.equal(client.isAuthenticated, false);
    assert.deepEqual(
      [client.database, client.protocol, client.name, client.isNoEvict, client.libraryName],
      [0, 2, '', false, 'lib'],
    );
    assert.deepEqual(
      [client.isNoTouch, client.isMonitor, client.isSilenced],
      [false, false, false],
    );
    assert.equal(server.monitors.isWatching, false);
  });

  test('RESET is for normal connections', () => {
    server.client.kind = 'replica';
    assert.equal(server.run('RESET'), `-${errors.RESET_NOT_NORMAL}\r\n`);
  });
});
