/*
 * MONITOR, against a redis-server, byte for byte but for times and addresses: which commands are
 * shown, when and how; who may monitor, and what a monitor may do.
 */

import { ENDED, wireSuite } from './wire-scenes.js';

wireSuite('monitors', [
  {
    name: 'commands are shown as they were sent, whoever sent them',
    compares: ['m'],
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['set k v', 'GET k', 'gEt k', 'INCR n', 'INCR k', 'EXPIRE k 100'] },
      { by: 'a', send: ['SELECT 3', 'PING', 'SELECT 0', 'SELECT 99', 'PING "a b"'] },
      { by: 'b', send: ['SETEX x 10 y', 'GETEX x PERSIST', 'INCRBYFLOAT f 1.5', 'FLUSHALL'] },
      { by: 'b', send: ['COMMAND COUNT', 'INFO nothing', 'OBJECT HELP', 'RANDOMKEY'] },
      { by: 'b', send: ['PING the-end'], on: 'm', until: 'the-end' },
    ],
  },
  {
    name: 'arguments are quoted',
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['ECHO "\\"\\\\\\n\\r\\t\\a\\b"', "ECHO 'it is'", 'ECHO ""'] },
      {
        by: 'a',
        send: [
          'ECHO "\\x00\\x01\\x1f\\x20\\x7e\\x7f\\x80\\xa0\\xff"',
          'ECHO "\\x0b\\x0c\\x1b{}~!"',
          'ECHO "\\xc3\\xa4"',
        ],
      },
      { by: 'a', send: ['PING the-end'], on: 'm', until: 'the-end' },
    ],
  },
  {
    name: 'commands of administrators, unknown ones and refused ones are not shown',
    compares: ['m'],
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['CONFIG GET hz', 'CLIENT LIST ID 0', 'DEBUG SLEEP 0', 'SLOWLOG LEN'] },
      {
        by: 'a',
        send: ['NOSUCH', 'GET', 'CLIENT nonsense', 'CLIENT', 'LATENCY RESET', 'MONITOR x'],
      },
      { by: 'a', send: ['CLIENT GETNAME', 'CLIENT SETNAME me', 'CLIENT NO-EVICT on', 'ROLE'] },
      { by: 'a', send: ['REPLCONF nonsense', 'EXEC', 'DISCARD', 'LASTSAVE', 'CLIENT HELP x'] },
      {
        by: 'a',
        send: ['SET k v nonsense', 'CONFIG', 'MEMORY USAGE k', 'SUBSCRIBE x'],
        until: 'x',
      },
      { by: 'b', send: ['PUBLISH x the-end'], on: 'm', until: 'the-end' },
    ],
  },
  {
    name: 'passwords are not shown',
    compares: ['m'],
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['AUTH secret', 'AUTH default secret', 'AUTH nobody secret'] },
      { by: 'a', send: ['HELLO 3 AUTH default secret SETNAME me', 'HELLO 2 SETNAME you AUTH u p'] },
      { by: 'a', send: ['PING the-end'], on: 'm', until: 'the-end' },
    ],
  },
  {
    name: 'MULTI is shown at once, what is queued when it runs, then EXEC',
    compares: ['m'],
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      {
        by: 'a',
        send: ['MULTI', 'SET k 1', 'SELECT 5', 'GET k', 'CONFIG GET hz'],
        until: '+QUEUED\r\n'.repeat(4),
      },
      { by: 'b', send: ['ECHO between'] },
      { by: 'a', send: ['EXEC', 'MULTI', 'GET k', 'DISCARD'] },
      { by: 'a', send: ['MULTI', 'NOSUCH', 'GET k', 'EXEC', 'MULTI', 'GET k', 'EXEC x'] },
      { by: 'a', send: ['SET w 1', 'WATCH w', 'SET w 2', 'MULTI', 'GET w', 'EXEC', 'UNWATCH'] },
      { by: 'a', send: ['PING the-end'], on: 'm', until: 'the-end' },
    ],
  },
  {
    name: 'EXEC that is refused is shown all the same',
    compares: ['m'],
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['MULTI', 'SET k 1'], until: 'QUEUED' },
      { by: 'b', send: ['CONFIG SET min-replicas-to-write 1'] },
      { by: 'a', send: ['EXEC', 'SET k 2', 'GET k'] },
      { by: 'b', send: ['CONFIG SET min-replicas-to-write 0'] },
      { by: 'a', send: ['PING the-end'], on: 'm', until: 'the-end' },
    ],
  },
  {
    name: 'a monitor is shown its own commands, after their replies',
    steps: [
      { by: 'm', send: ['MONITOR', 'PING 1', 'SELECT 2', 'NOSUCH', 'CLIENT ID x', 'PING 2'] },
      { by: 'm', send: ['MULTI', 'PING 1', 'PING 2', 'EXEC', 'ECHO "after EXEC"'] },
      { by: 'm', send: ['SELECT 0', 'ECHO the-end'], until: '"the-end"' },
    ],
  },
  {
    name: 'a monitor has no keys, is no replica, and may begin only once',
    steps: [
      {
        by: 'm',
        send: ['GET k', 'MONITOR', 'GET k', 'SET k v', 'DEL k', 'PUBLISH c m', 'MONITOR'],
      },
      { by: 'm', send: ['SYNC', 'PSYNC ? -1', 'REPLICAOF 127.0.0.1 1', 'REPLICAOF NO ONE'] },
      { by: 'm', send: ['INFO nothing', 'MULTI', 'GET k', 'PING', 'EXEC', 'WAIT 0 0', 'EXISTS k'] },
      { by: 'a', send: ['CLIENT LIST TYPE replica', 'CLIENT LIST TYPE pubsub'] },
    ],
  },
  {
    name: 'MONITOR inside MULTI is refused',
    steps: [
      { by: 'a', send: ['MULTI', 'MONITOR', 'PING', 'EXEC', 'MONITOR x', 'PING 2'] },
      { by: 'b', send: ['PING 3'] },
      { by: 'a', send: ['PING 4'] },
    ],
  },
  {
    name: 'RESET ends it, QUIT too',
    steps: [
      { by: 'm', send: ['MONITOR', 'RESET', 'GET nothing', 'PING'] },
      { by: 'a', send: ['PING unseen'] },
      { by: 'm', send: ['PING', 'MONITOR', 'QUIT', 'PING'], until: ENDED },
    ],
  },
  {
    name: 'a subscriber in RESP2 may not begin, a monitor may subscribe',
    protocols: [2],
    steps: [
      { by: 'a', send: ['SUBSCRIBE c', 'MONITOR', 'UNSUBSCRIBE'], until: 'unsubscribe' },
      { by: 'm', send: ['MONITOR', 'SUBSCRIBE c', 'GET k', 'PING'], until: 'pong' },
      { by: 'b', send: ['PUBLISH c hello'], on: 'm', until: '"hello"' },
      { by: 'm', send: ['RESET', 'PING', 'ECHO done'] },
    ],
  },
  {
    name: 'a subscriber in RESP3 may begin; messages come among the lines',
    protocols: [3],
    steps: [
      { by: 'm', send: ['SUBSCRIBE c', 'MONITOR', 'PING 1'], until: '"1"' },
      { by: 'b', send: ['PUBLISH c hello'], on: 'm', until: '"hello"' },
      { by: 'm', send: ['UNSUBSCRIBE', 'RESET', 'PING 2'] },
    ],
  },
  {
    name: 'a monitor is not held back by a pause',
    // What it held back, 7.0 shows when it runs, and 7.2 never.
    compares: ['a'],
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['CLIENT PAUSE 100 ALL'], until: '+OK' },
      { by: 'm', send: ['PING while-paused'], until: '"while-paused"' },
      { by: 'a', send: ['PING after'] },
    ],
  },
  {
    name: 'several monitors see the same, each to its end',
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'n', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['PING 1'], on: 'n', until: '"1"' },
      { by: 'n', send: ['QUIT'], until: ENDED },
      { by: 'a', send: ['PING 2'], on: 'm', until: '"2"' },
      { by: 'a', send: ['CLIENT KILL TYPE normal'] },
    ],
  },
  {
    name: 'a command that blocks is shown when it begins to wait',
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['WAIT 1 0'], on: 'm', until: '"WAIT"' },
      { by: 'b', send: ['CLIENT UNBLOCK {id:a}'] },
      { by: 'a', send: ['PING the-end'], on: 'm', until: 'the-end' },
    ],
  },
]);
