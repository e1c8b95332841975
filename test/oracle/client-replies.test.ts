/*
 * CLIENT REPLY, against a redis-server, byte for byte: which replies are left out, and that
 * messages are not; and CLIENT KILL of oneself, after which nothing more is heard.
 */

import { ENDED, NOTHING, wireSuite } from './wire-scenes.js';

const on = 'CLIENT REPLY ON';
const off = 'CLIENT REPLY OFF';
const skip = 'CLIENT REPLY SKIP';

wireSuite('replies that are left out', [
  {
    name: 'ON answers, SKIP leaves out one reply',
    steps: [
      { by: 'a', send: [on, 'PING 1', skip, 'PING 2', 'PING 3'] },
      { by: 'a', send: ['client reply Skip', 'SET k v', 'GET k', skip, 'NOSUCH', skip, 'GET'] },
    ],
  },
  {
    name: 'OFF leaves out replies, errors too, until ON',
    steps: [
      { by: 'a', send: ['PING 1', off, 'PING 2', 'SET k v', 'GET k', 'NOSUCH', 'GET', on] },
      { by: 'a', send: [off, 'CLIENT REPLY nonsense', 'CLIENT REPLY', 'CLIENT REPLY ON x', on] },
      { by: 'a', send: ['CLIENT REPLY nonsense', 'CLIENT REPLY', 'CLIENT REPLY ON x'] },
    ],
  },
  {
    name: 'OFF and SKIP last from one read to the next',
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: [off, 'SET k first'], on: 'm', until: '"first"' },
      { by: 'a', send: ['SET k second'], on: 'm', until: '"second"' },
      { by: 'a', send: [on, 'GET k'] },
      { by: 'a', send: ['SET k third', skip], on: 'm', until: '"SKIP"' },
      { by: 'a', send: ['GET k', 'PING'] },
    ],
  },
  {
    name: 'a skipped reply, and SKIP and ON for it',
    steps: [
      { by: 'a', send: [skip, skip, 'PING 1', 'PING 2', skip, on, 'PING 3', skip, off, on] },
      { by: 'a', send: [off, skip, on, 'PING 4', skip, 'CLIENT REPLY nonsense', 'PING 5'] },
    ],
  },
  {
    name: 'MULTI: what is queued has a reply, or it is skipped',
    steps: [
      { by: 'a', send: ['MULTI', 'SET k v', skip, 'GET k', 'EXEC', 'PING 1', 'PING 2'] },
      { by: 'a', send: [skip, 'MULTI', 'GET k', skip, 'EXEC', skip, 'PING 3', 'PING 4'] },
      { by: 'a', send: ['MULTI', 'GET k', skip, on, 'EXEC', 'PING 5', 'PING 6'] },
      { by: 'a', send: ['MULTI', skip, skip, off, on, 'EXEC', 'PING 7', 'PING 8'] },
      { by: 'a', send: [off, 'MULTI', 'GET k', on, 'GET k', 'EXEC', 'PING 9'] },
      { by: 'a', send: ['MULTI', 'GET k', off, 'GET k', on, 'GET k', 'EXEC', 'PING 10'] },
      { by: 'a', send: ['MULTI', 'GET', skip, 'EXEC', 'PING 11', 'PING 12'] },
      { by: 'a', send: ['MULTI', 'GET k', off, 'GET k', 'EXEC', 'PING 13', on] },
    ],
  },
  {
    name: 'subscriptions and messages are heard',
    steps: [
      { by: 'a', send: [off, 'SUBSCRIBE one two', 'PSUBSCRIBE o*', 'PING 1'], until: '\r\n:3\r\n' },
      { by: 'b', send: ['PUBLISH one hello'], on: 'a', until: 'pmessage' },
      { by: 'a', send: ['UNSUBSCRIBE one two', 'PUNSUBSCRIBE', on], until: '+OK' },
      { by: 'a', send: [skip, 'SUBSCRIBE three', 'PING 2'], until: '2\r\n' },
      { by: 'b', send: ['PUBLISH three hello'], on: 'a', until: 'hello' },
      { by: 'a', send: ['UNSUBSCRIBE', 'UNSUBSCRIBE', skip, 'UNSUBSCRIBE', 'PING 3'] },
    ],
  },
  {
    name: 'a message to oneself is heard, its PUBLISH has no reply',
    protocols: [3],
    since: '7.2',
    steps: [
      { by: 'a', send: ['SUBSCRIBE own', off, 'PUBLISH own 1', 'PING', on, 'PUBLISH own 2'] },
      { by: 'a', send: [skip, 'PUBLISH own 3', 'PING 1'] },
    ],
  },
  {
    name: 'a push of DEBUG PROTOCOL is heard',
    protocols: [3],
    steps: [{ by: 'a', send: [off, 'DEBUG PROTOCOL PUSH', 'PING', on] }],
  },
  {
    name: 'a push of DEBUG PROTOCOL follows the reply, that of EXEC in a transaction',
    protocols: [3],
    since: '7.2',
    steps: [
      { by: 'a', send: ['DEBUG PROTOCOL PUSH', 'PING'] },
      { by: 'a', send: ['MULTI', 'DEBUG PROTOCOL PUSH', 'PING', 'EXEC', 'PING'] },
    ],
  },
  {
    name: 'RESET ends OFF, but what is skipped is skipped',
    steps: [
      { by: 'a', send: [off, 'PING 1', 'RESET', 'PING 2', skip, 'RESET', 'PING 3'] },
      { by: 'a', send: ['MULTI', 'PING', off, 'EXEC', 'RESET', 'MULTI', skip, 'RESET', 'PING 4'] },
    ],
  },
  {
    name: 'HELLO changes the protocol unheard',
    steps: [
      { by: 'a', send: [off, 'HELLO 3', on, 'CONFIG GET hz'] },
      { by: 'a', send: [skip, 'HELLO 2', 'CONFIG GET hz', 'RESET', 'CONFIG GET hz'] },
    ],
  },
  {
    name: 'QUIT, and malformed requests, end the connection unheard',
    steps: [
      { by: 'a', send: ['PING', off, 'PING', 'QUIT', 'PING'], until: ENDED },
      { by: 'b', send: ['PING', skip, 'QUIT'], until: ENDED },
      { by: 'c', send: ['PING', skip, 'PING', 'QUIT'], until: ENDED },
      { by: 'd', send: ['PING', off, 'PING'], raw: '*1\r\n!\r\n', until: ENDED },
      { by: 'e', send: ['PING', skip], raw: '*1\r\n!\r\n', until: ENDED },
      { by: 'f', send: ['PING', skip, 'PING'], raw: '*1\r\n!\r\n', until: ENDED },
    ],
  },
  {
    name: 'a wait that is skipped, one in OFF, and UNBLOCK of both',
    steps: [
      { by: 'a', send: [skip, 'WAIT 1 1', 'PING 1', 'WAIT 1 1'] },
      { by: 'a', send: [off, 'WAIT 1 1', 'NOSUCH', on] },
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: [skip, 'WAIT 1 0'], on: 'm', until: '"WAIT"' },
      { by: 'b', send: ['CLIENT UNBLOCK {id:a} ERROR'] },
      { by: 'a', send: ['PING 2', 'SET k v', 'WAIT 2 0', 'PING 3'], on: 'm', until: '"2"' },
      { by: 'b', send: ['CLIENT UNBLOCK {id:a} TIMEOUT'], until: '\r\n' },
      { by: 'a', send: [off, 'WAIT 3 0'], on: 'm', until: '"3"' },
      { by: 'b', send: ['CLIENT UNBLOCK {id:a} ERROR'] },
      { by: 'a', send: [on] },
    ],
  },
  {
    name: 'a postponed request keeps its skip',
    steps: [
      { by: 'a', send: ['CLIENT PAUSE 50 WRITE'] },
      { by: 'b', send: [skip, 'SET k postponed', 'GET k'] },
    ],
  },
  {
    name: 'no reply to those that become monitors in OFF, and no lines',
    steps: [
      { by: 'a', send: [off, 'MONITOR', 'PING 1'], until: NOTHING },
      { by: 'b', send: ['PING 2'] },
      { by: 'a', send: [on, 'PING 3'] },
      { by: 'b', send: ['PING 4'], on: 'a', until: '"4"' },
    ],
  },
  {
    name: 'CLIENT KILL of oneself: nothing is heard after its reply',
    steps: [
      {
        by: 'a',
        send: ['MULTI', 'PING 1', 'CLIENT KILL ID {id:a} SKIPME no', 'PING 2', 'SET k 2', 'EXEC'],
        until: ENDED,
      },
      { by: 'b', send: ['GET k'] },
      { by: 'c', send: ['CLIENT KILL ID {id:c} SKIPME no', 'PING'], until: ENDED },
      {
        by: 'd',
        send: ['MULTI', off, 'CLIENT KILL TYPE normal SKIPME no', on, 'PING', 'EXEC'],
        until: ENDED,
      },
    ],
  },
  {
    name: 'CLIENT KILL of oneself: no subscription is confirmed after it, no error heard',
    steps: [
      {
        by: 'a',
        send: ['MULTI', 'CLIENT KILL ID {id:a} SKIPME no', 'INCR k', 'SUBSCRIBE x', 'EXEC'],
        until: ENDED,
      },
      { by: 'b', send: ['PUBSUB NUMSUB x'] },
    ],
  },
]);
