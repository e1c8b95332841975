/*
 * What a connection chooses for itself with CLIENT, and CLIENT UNBLOCK, against a redis-server.
 * Which replies are left out is in client-replies.test.ts.
 */

import { oracleSuite } from './harness.js';
import { wireSuite } from './wire-scenes.js';

const NEEDS_7_2 = { since: '7.2' } as const;

oracleSuite('modes of clients', [
  {
    name: 'client side caching that is off',
    lines: ['CLIENT TRACKINGINFO', 'CLIENT GETREDIR', 'CLIENT TRACKINGINFO x', 'CLIENT GETREDIR x'],
  },
  {
    name: 'CLIENT UNBLOCK of nobody, and what it refuses',
    lines: [
      'CLIENT UNBLOCK 99999999',
      'CLIENT UNBLOCK 0 timeout',
      'CLIENT UNBLOCK -1 Error',
      'CLIENT UNBLOCK 9223372036854775807',
      'CLIENT UNBLOCK 9223372036854775808',
      'CLIENT UNBLOCK x',
      'CLIENT UNBLOCK x nonsense',
      'CLIENT UNBLOCK 1 nonsense',
      'CLIENT UNBLOCK 1 TIMEOUT x',
      'CLIENT unblock 1 TIMEOUT x y',
      'CLIENT UNBLOCK',
    ],
  },
  {
    name: 'filters of LIST and KILL that are refused, or that nobody fits',
    lines: [
      'CLIENT LIST ID 99999999 x',
      'CLIENT LIST ID 99999999 9223372036854775807 -1',
      'CLIENT LIST ID 9223372036854775808',
      'CLIENT LIST TYPE normal x',
      'CLIENT LIST TYPE Master',
      'CLIENT LIST TYPE SLAVE',
      'CLIENT LIST USER default',
      'CLIENT LIST x y z',
      'CLIENT INFO x',
      'CLIENT KILL ID 9223372036854775807',
      'CLIENT KILL ID 9223372036854775808',
      'CLIENT KILL ID 99999999 SKIPME',
      'CLIENT KILL ID 99999999 TYPE x SKIPME x',
      'CLIENT KILL ID 99999999 SKIPME Yes',
      'CLIENT KILL id 99999999 skipme nO type NORMAL user default',
      'CLIENT KILL MAXAGE 100',
      'CLIENT KILL ID 99999999 MAXAGE 100',
      'CLIENT KILL ADDR 127.0.0.1:1 LADDR 127.0.0.1:1 USER default TYPE pubsub ID 99999999',
      'CLIENT KILL USER nobody ID x',
      'CLIENT KILL ADDR',
      'CLIENT KILL TYPE pubsub',
      'CLIENT KILL TYPE slave SKIPME no',
      'PING',
    ],
  },
  {
    name: 'CLIENT REPLY ON and what is refused',
    lines: ['CLIENT REPLY ON', 'CLIENT REPLY x', 'CLIENT REPLY', 'CLIENT REPLY ON OFF'],
  },
  {
    name: 'NO-TOUCH: reads and writes leave the frequency alone, TOUCH does not',
    lines: [
      'CONFIG SET maxmemory-policy allkeys-lfu lfu-log-factor 0 lfu-decay-time 0',
      'SET k v',
      'OBJECT FREQ k',
      'GET k',
      'OBJECT FREQ k',
      { run: 'CLIENT NO-TOUCH on', ...NEEDS_7_2, expect: '+OK' },
      { run: 'GET k', ...NEEDS_7_2, expect: '"v"' },
      { run: 'APPEND k w', ...NEEDS_7_2, expect: '(integer) 2' },
      { run: 'SET k w', ...NEEDS_7_2, expect: '+OK' },
      { run: 'OBJECT FREQ k', ...NEEDS_7_2, expect: '(integer) 6' },
      { run: 'TOUCH k', ...NEEDS_7_2, expect: '(integer) 1' },
      { run: 'OBJECT FREQ k', ...NEEDS_7_2, expect: '(integer) 7' },
      { run: 'MULTI', ...NEEDS_7_2, expect: '+OK' },
      { run: 'GET k', ...NEEDS_7_2, expect: '+QUEUED' },
      { run: 'TOUCH k', ...NEEDS_7_2, expect: '+QUEUED' },
      { run: 'CLIENT NO-TOUCH off', ...NEEDS_7_2, expect: '+QUEUED' },
      { run: 'GET k', ...NEEDS_7_2, expect: '+QUEUED' },
      { run: 'CLIENT NO-TOUCH on', ...NEEDS_7_2, expect: '+QUEUED' },
      { run: 'GET k', ...NEEDS_7_2, expect: '+QUEUED' },
      { run: 'EXEC', ...NEEDS_7_2, expect: '["w", (integer) 1, +OK, "w", +OK, "w"]' },
      { run: 'OBJECT FREQ k', ...NEEDS_7_2, expect: '(integer) 9' },
      { run: 'GET k', by: 'b', ...NEEDS_7_2, expect: '"w"' },
      { run: 'OBJECT FREQ k', ...NEEDS_7_2, expect: '(integer) 10' },
      { run: 'RESET', ...NEEDS_7_2, expect: '+RESET' },
      { run: 'GET k', ...NEEDS_7_2, expect: '"w"' },
      { run: 'OBJECT FREQ k', ...NEEDS_7_2, expect: '(integer) 11' },
      { run: 'CLIENT NO-TOUCH x', ...NEEDS_7_2, expect: '-ERR syntax error' },
      {
        run: 'CLIENT NO-TOUCH',
        ...NEEDS_7_2,
        expect: "-ERR wrong number of arguments for 'client|no-touch' command",
      },
      'CONFIG SET maxmemory-policy noeviction lfu-log-factor 10 lfu-decay-time 1',
    ],
    protocols: [2],
  },
]);

wireSuite('CLIENT UNBLOCK', [
  {
    name: 'a client in WAIT, with each reason; what it has sent meanwhile follows',
    steps: [
      { by: 'm', send: ['MONITOR'], until: '+OK' },
      { by: 'a', send: ['SET k v', 'WAIT 1 0', 'PING after-1'], on: 'm', until: '"WAIT" "1"' },
      { by: 'b', send: ['CLIENT UNBLOCK {id:a}', 'CLIENT UNBLOCK {id:b}'] },
      { by: 'a', send: ['WAIT 2 0', 'PING after-2'], on: 'm', until: '"WAIT" "2"' },
      { by: 'b', send: ['CLIENT UNBLOCK {id:a} timeout'] },
      { by: 'a', send: ['WAIT 3 0', 'PING after-3'], on: 'm', until: '"WAIT" "3"' },
      { by: 'b', send: ['CLIENT UNBLOCK {id:a} ERROR', 'CLIENT UNBLOCK {id:a} ERROR'] },
      { by: 'a', send: ['PING the-end'] },
    ],
    compares: ['a', 'b'],
  },
]);
