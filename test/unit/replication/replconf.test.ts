/*
 * REPLCONF as a primary hears it: what is kept, what is refused, and in Redis's words.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings } from '../../../src/replication/peer.js';
import { applyReplconf } from '../../../src/replication/replconf.js';

test('what a replica tells of itself is kept', () => {
  const settings = defaultSettings();
  const options = [
    'listening-port',
    '6380',
    'IP-ADDRESS',
    '10.0.0.1',
    'capa',
    'eof',
    'capa',
    'psync2',
  ];
  assert.deepEqual(applyReplconf(options, settings), { kind: 'ok' });
  assert.deepEqual(settings, {
    listeningPort: 6380,
    announcedIp: '10.0.0.1',
    hasEof: true,
    hasPsync2: true,
    isRdbOnly: false,
    isWithoutData: false,
  });
});

test('unknown capabilities are ignored, unknown options refused', () => {
  const settings = defaultSettings();
  assert.deepEqual(applyReplconf(['capa', 'quantum'], settings), { kind: 'ok' });
  assert.deepEqual(applyReplconf(['version', '9'], settings), {
    kind: 'error',
    text: 'ERR Unrecognized REPLCONF option: version',
  });
});

test('options before a wrong one take effect, as in Redis', () => {
  const settings = defaultSettings();
  const result = applyReplconf(['listening-port', '1', 'listening-port', 'x'], settings);
  assert.equal(result.kind, 'error');
  assert.equal(settings.listeningPort, 1);
});

test('an ACK carries an offset, and with FACK what is on disk', () => {
  const settings = defaultSettings();
  assert.deepEqual(applyReplconf(['ACK', '77'], settings), {
    kind: 'ack',
    offset: 77,
    fsyncedOffset: -1,
  });
  assert.deepEqual(applyReplconf(['ack', '77', 'fack', '50'], settings), {
    kind: 'ack',
    offset: 77,
    fsyncedOffset: 50,
  });
  assert.deepEqual(applyReplconf(['ack', 'x'], settings), { kind: 'ignored' });
});

test('redis-cli asks for snapshots only, also without data', () => {
  const settings = defaultSettings();
  assert.deepEqual(applyReplconf(['rdb-only', '1'], settings), { kind: 'ok' });
  assert(settings.isRdbOnly);
  assert.deepEqual(applyReplconf(['rdb-only', '2'], settings).kind, 'error');
  assert.deepEqual(applyReplconf(['rdb-filter-only', 'functions'], settings), { kind: 'ok' });
  assert(settings.isWithoutData);
  assert.equal(applyReplconf(['rdb-filter-only', 'keys'], settings).kind, 'error');
});
