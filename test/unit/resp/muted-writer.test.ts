/*
 * The reply writer while nobody hears it: what is written before, meanwhile and after, messages in
 * between, whatever the sizes; and a batch that ends muted.
 */

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { REPLY_BUFFER_BYTES } from '../../../src/limits.js';
import { ReplyWriter } from '../../../src/resp/reply-writer.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';

let writer: ReplyWriter;
let heard = '';
let errors: string[] = [];

const sink = {
  take(buffer: Uint8Array, length: number): Uint8Array {
    heard += latin1Text(buffer, 0, length);
    return buffer;
  },
};

describe('a muted reply writer', () => {
  beforeEach(() => {
    writer = new ReplyWriter();
    errors = [];
    writer.onError = (text) => errors.push(text);
    heard = '';
    writer.begin(sink, 2);
  });

  test('what comes before and after is heard, what is between is not; errors count', () => {
    writer.simple('one');
    writer.mute();
    writer.mute();
    writer.simple('two');
    writer.error('ERR three');
    writer.unmute();
    writer.unmute();
    writer.simple('four');
    writer.finish();
    assert.equal(heard, '+one\r\n+four\r\n');
    assert.deepEqual(errors, ['ERR three']);
    assert.equal(writer.errorCount, 1);
  });

  test('sizes beyond the buffer, deferred ones and pinned bytes make no difference', () => {
    const long = new Uint8Array(3 * REPLY_BUFFER_BYTES).fill(0x78);
    let given = 0;
    writer.mute();
    writer.bulk(long, 0, long.length);
    const mark = writer.deferred();
    writer.bulk(long, 0, long.length);
    writer.endDeferred(mark, 'array', 1);
    writer.pinned({ bytes: long, onWritten: () => given++ });
    writer.unmute();
    writer.simple('heard');
    writer.finish();
    assert.equal(heard, '+heard\r\n');
    assert.equal(given, 1);
    assert.equal(writer.buffer.length, REPLY_BUFFER_BYTES);
  });

  test('messages are heard all the same', () => {
    writer.mute();
    writer.simple('unheard');
    writer.message(latin1('+message\r\n'));
    writer.simple('unheard');
    writer.aloud(() => writer.simple('aloud'));
    writer.simple('unheard');
    writer.finish();
    assert.equal(heard, '+message\r\n+aloud\r\n');
  });

  test('muted to the end, nothing is heard, and the next batch is', () => {
    writer.simple('last');
    writer.muteToEnd();
    writer.unmute();
    writer.simple('unheard');
    writer.message(latin1('+message\r\n'));
    writer.aloud(() => writer.simple('aloud'));
    writer.finish();
    writer.begin(sink, 2);
    writer.simple('next');
    writer.finish();
    assert.equal(heard, '+last\r\n+next\r\n');
  });

  test('a batch that ends muted leaves the next one alone', () => {
    writer.mute();
    writer.simple('unheard');
    writer.finish();
    writer.begin(sink, 2);
    writer.simple('next');
    writer.finish();
    assert.equal(heard, '+next\r\n');
  });
});
