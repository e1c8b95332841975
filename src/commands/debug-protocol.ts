/*
 * DEBUG PROTOCOL: one reply of each type, for tests of clients. The values are Redis's.
 */

import type { ReplyWriter } from '../resp/reply-writer.js';
import { latin1 } from '../structures/bytes.js';
import * as errors from './server-errors.js';

/** Sends the client something beside the reply. */
type Send = (push: Uint8Array) => void;

const PUSH = latin1('>2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n');

const replies = new Map<string, (reply: ReplyWriter, send: Send) => void>([
  ['string', (reply) => reply.bulkLatin1('Hello World')],
  ['integer', (reply) => reply.integer(12345)],
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: Redis's value, not pi.
  ['double', (reply) => reply.double(3.141)],
  ['bignum', (reply) => reply.bigNumber('1234567999999999999999999999999999999')],
  ['null', (reply) => reply.null()],
  ['array', (reply) => replyThree(reply, 'array')],
  ['set', (reply) => replyThree(reply, 'set')],
  ['map', replyMap],
  ['attrib', replyAttribute],
  ['push', replyPush],
  ['true', (reply) => reply.boolean(true)],
  ['false', (reply) => reply.boolean(false)],
  ['verbatim', (reply) => reply.verbatim('txt', 'This is a verbatim\nstring')],
]);

/** `type` in lower case. */
export function replyOfType(reply: ReplyWriter, type: string, send: Send): void {
  const write = replies.get(type);
  if (write === undefined) return reply.error(errors.BAD_PROTOCOL_TYPE);
  write(reply, send);
}

function replyThree(reply: ReplyWriter, kind: 'array' | 'set'): void {
  reply[kind](3);
  for (let i = 0; i < 3; i++) reply.integer(i);
}

function replyMap(reply: ReplyWriter): void {
  reply.map(3);
  for (let i = 0; i < 3; i++) {
    reply.integer(i);
    reply.boolean(i === 1);
  }
}

/** An attribute is no reply: one follows it. */
function replyAttribute(reply: ReplyWriter): void {
  if (reply.attribute(1)) {
    reply.bulkLatin1('key-popularity');
    reply.array(2);
    reply.bulkLatin1('key:123');
    reply.integer(90);
  }
  reply.bulkLatin1('Some real reply following the attribute');
}

/** Nor is a push. As in Redis 7.2 it comes after the reply, that of EXEC where there is one. */
function replyPush(reply: ReplyWriter, send: Send): void {
  if (reply.version === 2) return reply.error(errors.NO_PUSH_IN_RESP2);
  send(PUSH);
  reply.bulkLatin1('Some real reply following the push reply');
}
