/*
 * The feed's exact bytes: SELECT where one is due and nowhere else, both forms of a command, and
 * what belongs to no database.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEED_SCRATCH_BYTES } from '../../../src/limits.js';
import { BacklogSlice } from '../../../src/replication/backlog.js';
import { encodeCommand } from '../../../src/replication/encode.js';
import { Feed } from '../../../src/replication/feed.js';
import { History } from '../../../src/replication/history.js';
import { StreamLog } from '../../../src/replication/stream-log.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';

function newFeed() {
  const log = new StreamLog(new History({ newReplid: () => 'a'.repeat(40) }));
  log.openBacklog(1024 * 1024);
  return { log, feed: new Feed(log) };
}

/** The whole stream as text. */
function streamOf(log: StreamLog): string {
  const { backlog } = log;
  assert(backlog !== null);
  const slice = new BacklogSlice();
  let text = '';
  let at = backlog.start;
  for (;;) {
    backlog.locate(at, Number.POSITIVE_INFINITY, slice);
    if (slice.block === null) return text;
    text += latin1Text(slice.block.bytes, slice.from, slice.from + slice.length);
    at += slice.length;
  }
}

function encoded(...words: string[]): string {
  return latin1Text(encodeCommand(...words));
}

function sendVerbatim(feed: Feed, database: number, text: string): void {
  const bytes = latin1(`junk${text}junk`);
  feed.appendVerbatim(database, bytes, 4, 4 + text.length);
}

test('the first command brings its SELECT, the next of the same database none', () => {
  const { feed, log } = newFeed();
  sendVerbatim(feed, 0, encoded('SET', 'a', '1'));
  sendVerbatim(feed, 0, encoded('SET', 'b', '2') + encoded('DEL', 'a'));
  assert.equal(
    streamOf(log),
    encoded('SELECT', '0') +
      encoded('SET', 'a', '1') +
      encoded('SET', 'b', '2') +
      encoded('DEL', 'a'),
  );
});

test('a change of the database brings a SELECT, in both forms', () => {
  const { feed, log } = newFeed();
  sendVerbatim(feed, 3, encoded('SET', 'a', '1'));
  feed.append(15, ['DEL', 'b'].map(latin1));
  feed.append(3, ['DEL', 'c'].map(latin1));
  assert.equal(
    streamOf(log),
    encoded('SELECT', '3') +
      encoded('SET', 'a', '1') +
      encoded('SELECT', '15') +
      encoded('DEL', 'b') +
      encoded('SELECT', '3') +
      encoded('DEL', 'c'),
  );
});

test('MULTI, EXEC and PING belong to no database', () => {
  const { feed, log } = newFeed();
  feed.append(-1, [latin1('PING')]);
  feed.append(-1, [latin1('MULTI')]);
  feed.append(2, ['SET', 'a', '1'].map(latin1));
  feed.append(-1, [latin1('EXEC')]);
  assert.equal(
    streamOf(log),
    encoded('PING') +
      encoded('MULTI') +
      encoded('SELECT', '2') +
      encoded('SET', 'a', '1') +
      encoded('EXEC'),
  );
});

test('after a freeze the next command brings a SELECT again', () => {
  const { feed, log } = newFeed();
  sendVerbatim(feed, 1, encoded('SET', 'a', '1'));
  feed.forgetDatabase();
  sendVerbatim(feed, 1, encoded('SET', 'a', '2'));
  const select = encoded('SELECT', '1');
  assert.equal(
    streamOf(log),
    select + encoded('SET', 'a', '1') + select + encoded('SET', 'a', '2'),
  );
});

test('arguments of any bytes and any length are encoded whole', () => {
  const { feed, log } = newFeed();
  const binary = '\r\n\0\xff$*';
  const long = 'x'.repeat(FEED_SCRATCH_BYTES + 1);
  feed.append(0, ['SET', binary, long, ''].map(latin1));
  assert.equal(
    streamOf(log),
    `${encoded('SELECT', '0')}*4\r\n$3\r\nSET\r\n$6\r\n${binary}\r\n` +
      `$${long.length}\r\n${long}\r\n$0\r\n\r\n`,
  );
});

test('the offset counts every byte of the stream, and stands still without a backlog', () => {
  const { feed, log } = newFeed();
  sendVerbatim(feed, 0, encoded('SET', 'a', '1'));
  assert.equal(feed.offset, streamOf(log).length);
  const before = feed.offset;
  log.closeBacklog();
  assert(!feed.isActive);
  sendVerbatim(feed, 0, encoded('SET', 'a', '1'));
  feed.append(0, [latin1('FLUSHALL')]);
  assert.equal(feed.offset, before);
});

test('a replica writes nothing into the stream', () => {
  const { feed, log } = newFeed();
  feed.isOpen = false;
  assert(!feed.isActive);
  sendVerbatim(feed, 0, encoded('SET', 'a', '1'));
  feed.append(-1, [latin1('PING')]);
  assert.equal(streamOf(log), '');
});
