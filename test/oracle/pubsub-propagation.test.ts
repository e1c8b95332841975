/*
 * PUBLISH in the stream of replicas, against redis-server: it travels though it changes nothing.
 */

import { streamSuite } from './stream-harness.js';

streamSuite('messages', [
  {
    name: 'PUBLISH travels as it came, with the database that is selected',
    lines: [
      'PUBLISH channel message',
      'publish channel ""',
      'SET k v',
      'PUBLISH "\\x00\\r\\n" "\\xff"',
      'SELECT 1',
      'PUBLISH channel again',
      'PUBLISH a',
      'SELECT 0',
    ],
  },
  {
    name: 'in a transaction, alone or with others',
    lines: [
      'MULTI',
      'PUBLISH channel message',
      'EXEC',
      'MULTI',
      'PUBLISH channel message',
      'SET k v',
      'GET k',
      'PUBLISH channel more',
      'EXEC',
    ],
  },
  {
    name: 'subscriptions do not travel',
    lines: [
      'PUBSUB CHANNELS',
      'MULTI',
      'SUBSCRIBE a',
      'PSUBSCRIBE b',
      'UNSUBSCRIBE',
      'PUNSUBSCRIBE',
      'EXEC',
    ],
  },
]);
