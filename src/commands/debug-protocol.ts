/*
 * DEBUG PROTOCOL: one reply of each type, for tests of clients. The values are Redis's.
 */

import type { ReplyWriter } from '../resp/reply-writer.js';
import * as errors from './server-errors.js';

const replies = new Map<string, (reply: ReplyWriter) => void>([
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
export function replyOfType(reply: ReplyWriter, type: string): void {
  const write = replies.get(type);
  if (write === undefined) return reply.error(errors.BAD_PROTOCOL_TYPE);
  write(reply);
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

/** Nor is a push. */
function replyPush(reply: ReplyWriter): void {
  if (reply.version === 2) return reply.error(errors.NO_PUSH_IN_RESP2);
  reply.aloud(() => {
    reply.push(2);
    reply.bulkLatin1('server-cpu-usage');
    reply.integer(42);
  });
  reply.bulkLatin1('Some real reply following the push reply');
}
