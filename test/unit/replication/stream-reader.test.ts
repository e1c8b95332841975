/*
 * The primary's stream as a replica applies it: what is executed, what counts, and when. The
 * executor here only writes down what it is given.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Client, type Connection } from '../../../src/commands/client.js';
import type { StreamExecutor } from '../../../src/commands/services.js';
import { LargeValues } from '../../../src/keyspace/large-value.js';
import { STRING_BYTES_MAX } from '../../../src/limits.js';
import { Memory } from '../../../src/memory/memory.js';
import { encodeCommand } from '../../../src/replication/encode.js';
import { StreamReader } from '../../../src/replication/stream-reader.js';
import { latin1, latin1Text } from '../../../src/structures/bytes.js';

const NOTHING = new Uint8Array(0);

/** A reader over an executor that writes down what it is given. */
function newReader() {
  const executed: string[] = [];
  const acks: number[] = [];
  const failures: string[] = [];
  /** What was executed when a batch began and when it ended. */
  const batches: string[][] = [];
  /** The last request of the batch where it lies, and what it was when it was executed. */
  let lastRequest: { bytes: Uint8Array; text: string } = { bytes: NOTHING, text: '' };
  let applied = '';
  let isInMulti = false;
  const memory = new Memory();
  const values = new LargeValues(memory);
  const executor: StreamExecutor = {
    openPrimary: () => assert.fail('the link opens it'),
    closePrimary: () => {},
    reserveValue: (_client, _args, length) => (isInMulti ? null : values.reserve(length)),
    isInTransaction: () => isInMulti,
    beginBatch: () => batches.push([...executed]),
    endBatch: () => {
      assert.equal(latin1Text(lastRequest.bytes), lastRequest.text);
      lastRequest = { bytes: NOTHING, text: '' };
      batches.push([...executed]);
    },
    execute(_client, args) {
      const words = Array.from({ length: args.count }, (_, i) => latin1Text(args.bytes(i)));
      if (words[0] === 'MULTI') isInMulti = true;
      if (words[0] === 'EXEC') isInMulti = false;
      executed.push(words.join(' '));
      const bytes = args.buffer.subarray(args.requestStart, args.requestEnd);
      lastRequest = { bytes, text: latin1Text(bytes) };
      return words[0] !== 'UNKNOWN';
    },
  };
  const pause = { isOn: false };
  const reader = new StreamReader({
    executor,
    isPaused: () => pause.isOn,
    client: new Client({ id: 1, connection: {} as Connection, nowMs: 0 }),
    onApplied: (bytes, start, end) => {
      applied += latin1Text(bytes, start, end);
    },
    onAckWanted: () => acks.push(applied.length),
    onFailed: () => failures.push(executed.at(-1) ?? ''),
  });
  return { reader, memory, pause, executed, batches, acks, failures, applied: () => applied };
}

function wire(...commands: string[]): string {
  return commands.map((command) => latin1Text(encodeCommand(...command.split(' ')))).join('');
}

function push(reader: StreamReader, text: string): string | null {
  const bytes = latin1(text);
  return reader.push(bytes, 0, bytes.length);
}

test('the commands of one read are one batch: the clock is not looked at for each', () => {
  const { reader, batches } = newReader();
  push(reader, wire('SET a 1', 'SET b 2'));
  push(reader, wire('SET c 3'));
  assert.deepEqual(batches, [
    [],
    ['SET a 1', 'SET b 2'],
    ['SET a 1', 'SET b 2'],
    ['SET a 1', 'SET b 2', 'SET c 3'],
  ]);
});

test('commands are executed and their bytes passed on', () => {
  const { reader, executed, applied } = newReader();
  const text = wire('SELECT 0', 'SET a 1', 'DEL b');
  assert.equal(push(reader, text), null);
  assert.deepEqual(executed, ['SELECT 0', 'SET a 1', 'DEL b']);
  assert.equal(applied(), text);
  assert.equal(reader.unappliedBytes, 0);
});

test('a pause keeps what comes, cut anywhere, for its end', () => {
  const text = wire('SET a 1', 'MULTI', 'SET b 2', 'EXEC', `SET c ${'v'.repeat(100_000)}`);
  for (let cut = 0; cut <= text.length; cut += cut < 120 ? 1 : 9999) {
    for (const isPausedFirst of [false, true]) {
      const { reader, pause, executed, applied, memory } = newReader();
      const usedBytes = memory.usedBytes;
      pause.isOn = isPausedFirst;
      push(reader, text.slice(0, cut));
      const before = executed.length;
      if (isPausedFirst) assert.equal(before, 0);
      pause.isOn = true;
      push(reader, text.slice(cut));
      assert.equal(executed.length, before);
      assert.equal(applied().length + reader.unappliedBytes, text.length);
      assert.equal(reader.isHeld, cut < text.length || isPausedFirst);
      pause.isOn = false;
      assert.equal(reader.resume(), null);
      assert.equal(executed.length, 5);
      assert.equal(applied(), text);
      assert.equal(reader.isHeld, false);
      reader.end();
      assert.equal(memory.usedBytes, usedBytes);
    }
  }
});

test('PING is executed like any other: monitors are shown it', () => {
  const { reader, executed, applied } = newReader();
  push(reader, wire('PING', 'SET a 1', 'ping'));
  assert.deepEqual(executed, ['PING', 'SET a 1', 'ping']);
  assert.equal(applied(), wire('PING', 'SET a 1', 'ping'));
});

test('an answer to GETACK carries the offset before the GETACK itself', () => {
  const { reader, acks, applied } = newReader();
  push(reader, wire('SET a 1', 'REPLCONF GETACK *', 'SET b 2'));
  assert.deepEqual(acks, [wire('SET a 1').length]);
  assert.equal(applied(), wire('SET a 1', 'REPLCONF GETACK *', 'SET b 2'));
});

test('inside MULTI nothing counts until EXEC', () => {
  const { reader, executed, applied } = newReader();
  const before = wire('SET a 1');
  push(reader, before + wire('MULTI', 'SET b 2'));
  assert.equal(applied(), before);
  push(reader, wire('SET c 3'));
  assert.equal(applied(), before);
  assert.equal(reader.unappliedBytes, wire('MULTI', 'SET b 2', 'SET c 3').length);
  push(reader, wire('EXEC', 'SET d 4'));
  assert.equal(applied(), before + wire('MULTI', 'SET b 2', 'SET c 3', 'EXEC', 'SET d 4'));
  assert.equal(executed.length, 6);
});

test('a failing command is reported, and its bytes count all the same', () => {
  const { reader, failures, applied } = newReader();
  push(reader, wire('UNKNOWN x', 'SET a 1'));
  assert.deepEqual(failures, ['UNKNOWN x']);
  assert.equal(applied(), wire('UNKNOWN x', 'SET a 1'));
});

test('malformed bytes end the link with what was whole before them', () => {
  const { reader, applied } = newReader();
  assert.notEqual(push(reader, `${wire('SET a 1')}*1\r\n!bad\r\n`), null);
  assert.equal(applied(), wire('SET a 1'));
});

test('nothing is executed after the end', () => {
  const { reader, executed } = newReader();
  reader.end();
  push(reader, wire('SET a 1'));
  assert.deepEqual(executed, []);
});

test('however reads cut the stream, the same is executed and passed on', () => {
  const command = fc.oneof(
    fc.constantFrom('PING', 'MULTI', 'SET k v', 'DEL k', 'REPLCONF GETACK *'),
    fc.nat(3000).map((length) => `SET big ${'x'.repeat(length + 1)}`),
  );
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      (all, cuts) => {
        // Every MULTI gets its EXEC after the next command.
        const commands = all.flatMap((one) =>
          one === 'MULTI' ? [one, 'SET in tx', 'EXEC'] : [one],
        );
        const text = wire(...commands);
        const whole = newReader();
        push(whole.reader, text);
        const cut = newReader();
        const at = [...cuts.map((one) => one % (text.length + 1)), text.length].sort(
          (a, b) => a - b,
        );
        let from = 0;
        for (const to of at) {
          assert.equal(push(cut.reader, text.slice(from, to)), null);
          assert(cut.applied().length + cut.reader.unappliedBytes === to);
          from = to;
        }
        assert.equal(whole.applied(), text);
        assert.equal(cut.applied(), text);
        assert.deepEqual(cut.executed, whole.executed);
        assert.deepEqual(cut.acks, whole.acks);
      },
    ),
    { numRuns: 200 },
  );
});

test('a long value is read into its place; its bytes are passed on as they came', () => {
  const long = ['a', 'b', 'c'].map((letter) => letter.repeat(70_000));
  const text =
    wire('SET a 1', `SET b ${long[0]}`, 'PING', `UNKNOWN ${long[1]}`, 'MULTI', `SET c ${long[2]}`) +
    wire('EXEC', `APPEND b ${long[2]}`, 'SET d 2');
  for (const pieceBytes of [1000, 65_536, 70_001, 1_000_000]) {
    const { reader, memory, executed, applied } = newReader();
    const empty = memory.usedBytes;
    for (let at = 0; at < text.length; at += pieceBytes) {
      assert.equal(push(reader, text.slice(at, at + pieceBytes)), null);
      assert(text.startsWith(applied()));
    }
    assert.equal(applied(), text);
    assert.equal(reader.unappliedBytes, 0);
    assert.equal(executed.length, 9);
    assert.equal(executed[1], `SET b ${long[0]}`);
    assert.equal(memory.usedBytes, empty);
  }
});

test('a link that ends within a long value leaves nothing behind', () => {
  const { reader, memory, applied } = newReader();
  const empty = memory.usedBytes;
  push(reader, wire('SET a 1', `SET b ${'x'.repeat(100_000)}`).slice(0, 60_000));
  assert(reader.unappliedBytes > 59_000);
  assert(memory.usedBytes > empty);
  reader.end();
  assert.equal(memory.usedBytes, empty);
  assert.equal(applied(), wire('SET a 1'));
});

test('a value that has no place anywhere ends the link, not the server', () => {
  const { reader, executed } = newReader();
  const begin = `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${STRING_BYTES_MAX + 1}\r\nxxx`;
  assert.match(push(reader, wire('SET a 1') + begin) ?? '', /invalid bulk length/);
  assert.deepEqual(executed, ['SET a 1']);
});

test('requests lie where they are until their batch has ended, whatever is left over', () => {
  const { reader, executed } = newReader();
  const text = wire('SET a 1', 'GETDEL bb');
  push(reader, text.slice(0, 10));
  // The rest of this read is moved over the first request; endBatch looks at that.
  push(reader, text.slice(10, -2));
  push(reader, text.slice(-2));
  assert.deepEqual(executed, ['SET a 1', 'GETDEL bb']);
});
