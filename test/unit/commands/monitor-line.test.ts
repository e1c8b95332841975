/*
 * The line of a command in MONITOR: its form, how bytes are quoted, and that it is bounded.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMonitorLine } from '../../../src/commands/monitor-line.js';
import { MONITOR_LINE_BYTES_MAX } from '../../../src/limits.js';
import { latin1Text } from '../../../src/structures/bytes.js';
import { quoteText } from '../../../src/structures/quoted-text.js';
import { request } from './requests.js';

const line = { microseconds: 1_700_000_000_000_042, database: 3, source: '1.2.3.4:5', secrets: [] };
const HEAD = '+1700000000.000042 [3 1.2.3.4:5]';

test('a line has the time to the microsecond, the database, the source and every argument', () => {
  const bytes = encodeMonitorLine(line, request('SET', 'a key', ''));
  assert.equal(latin1Text(bytes), `${HEAD} "SET" "a key" ""\r\n`);
});

test('every byte is quoted as the rest of the server quotes it', () => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  const bytes = encodeMonitorLine(line, request('ECHO', all));
  assert.equal(latin1Text(bytes), `${HEAD} "ECHO" ${quoteText(all)}\r\n`);
});

test("arguments that are nobody's business are left out", () => {
  const bytes = encodeMonitorLine({ ...line, secrets: [1, 2] }, request('AUTH', 'me', 'secret'));
  assert.equal(latin1Text(bytes), `${HEAD} "AUTH" "(redacted)" "(redacted)"\r\n`);
});

test('a line that would be too long is cut, and is a line all the same', () => {
  const long = 'x'.repeat(MONITOR_LINE_BYTES_MAX / 2);
  const unprintable = '\xff'.repeat(MONITOR_LINE_BYTES_MAX / 4);
  for (const args of [
    [long, long, long],
    [unprintable, 'next'],
    ['a', long + long, 'b'],
  ]) {
    const bytes = encodeMonitorLine({ ...line, secrets: [args.length] }, request('SET', ...args));
    assert.ok(bytes.length <= MONITOR_LINE_BYTES_MAX);
    assert.ok(bytes.length > MONITOR_LINE_BYTES_MAX - 32);
    assert.equal(latin1Text(bytes, bytes.length - 6), '..."\r\n');
    assert.equal(bytes.indexOf(0x0a), bytes.length - 1);
  }
});
