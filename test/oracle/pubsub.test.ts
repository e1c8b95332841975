/*
 * Publish and subscribe against redis-server: what each name of a subscription is answered, what
 * subscribers may do, PUBSUB, and how clients that subscribe look to others. Messages themselves
 * are looked at in test/protocol/pubsub.test.ts, byte for byte.
 */

import { oracleSuite } from './harness.js';

const subscriberOnly = [
  ...['GET k', 'SET k v', 'CONFIG GET save', 'PUBLISH a m', 'MULTI', 'EXEC', 'SELECT 1', 'HELLO 2'],
  ...['ECHO x', 'CLIENT LIST', 'PUBSUB CHANNELS', 'RESET x', 'SUBSCRIBE', 'NOSUCH a'],
];

oracleSuite('publish and subscribe', [
  {
    name: 'PUBLISH and PUBSUB without subscribers, and their errors',
    lines: [
      'PUBLISH',
      'PUBLISH a',
      'PUBLISH a m',
      'PUBLISH a m x',
      'PUBLISH "" ""',
      'PUBSUB',
      'PUBSUB NOSUCH',
      'PUBSUB CHANNELS',
      'PUBSUB CHANNELS *',
      'PUBSUB CHANNELS a b',
      'PUBSUB NUMSUB',
      'PUBSUB NUMSUB a b a ""',
      'PUBSUB NUMPAT',
      'PUBSUB NUMPAT x',
      'PUBSUB HELP x',
      'SUBSCRIBE',
      'PSUBSCRIBE',
    ],
  },
  {
    name: 'what a subscriber of RESP2 may not do',
    protocols: [2],
    lines: [
      'SUBSCRIBE a',
      ...subscriberOnly,
      'PING',
      'PING text',
      'PING a b',
      'PSUBSCRIBE p*',
      'UNSUBSCRIBE a',
      ...subscriberOnly,
      'PUNSUBSCRIBE p*',
      'PING',
      'SET k v',
      'GET k',
      'SUBSCRIBE a',
      'RESET',
      'GET k',
      'PUBSUB CHANNELS',
    ],
  },
  {
    name: 'unsubscribing from nothing is answered too',
    protocols: [2],
    lines: [
      'UNSUBSCRIBE',
      'PUNSUBSCRIBE',
      'UNSUBSCRIBE a',
      'PUNSUBSCRIBE a',
      'PSUBSCRIBE p',
      'UNSUBSCRIBE',
      'UNSUBSCRIBE p',
      'PUNSUBSCRIBE',
      'SUBSCRIBE ""',
      'UNSUBSCRIBE',
      'SUBSCRIBE "\\x00\\r\\n\\xff"',
      'UNSUBSCRIBE',
    ],
  },
  {
    name: 'names subscribed to by others: PUBSUB and receivers',
    protocols: [2],
    lines: [
      { run: 'SUBSCRIBE ch', by: 'b' },
      { run: 'SUBSCRIBE ch', by: 'b' },
      { run: 'PSUBSCRIBE c*', by: 'b' },
      { run: 'PSUBSCRIBE c*', by: 'c' },
      { run: 'PSUBSCRIBE *', by: 'c' },
      { run: 'SUBSCRIBE other', by: 'c' },
      { run: 'PUBSUB CHANNELS', equal: 'sameSorted' },
      'PUBSUB CHANNELS c*',
      'PUBSUB CHANNELS [o]ther',
      'PUBSUB CHANNELS none*',
      'PUBSUB NUMSUB ch other c* none',
      'PUBSUB NUMPAT',
      'PUBLISH ch m',
      'PUBLISH other m',
      'PUBLISH "" m',
      'PUBLISH x m',
    ],
  },
  {
    name: 'RESP3 subscribers may do everything',
    protocols: [3],
    lines: [
      'PUBSUB NUMPAT',
      { run: 'PING', by: 'b' },
      'PING x',
      'SET k v',
      'MULTI',
      'PUBLISH a m',
      'EXEC',
    ],
  },
]);
