/*
 * LOLWUT: the size of its pictures, its bounds, and that any chance gives one.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drawHills, drawSquares } from '../../../src/commands/server-drawings.js';
import { lolwutCommands } from '../../../src/commands/server-lolwut-commands.js';
import { LOLWUT_LINES_MAX } from '../../../src/limits.js';
import { ServerFixture } from './server-fixture.js';

const VERSION_LINE = 'Redis ver. 7.2.4\n';

function lolwut(...words: string[]): string {
  const server = new ServerFixture([lolwutCommands], {
    context: { keyspace: { random: () => 0.4 } },
  });
  server.client.protocol = 3;
  const reply = server.run('LOLWUT', ...words);
  const text = Buffer.from(reply, 'latin1').toString('utf8');
  const found = /^=(\d+)\r\ntxt:(.*)\r\n$/s.exec(text);
  return found?.[2] ?? text;
}

/** The lines of the picture, without what is said below it. */
function pictureOf(text: string): string[] {
  assert(text.endsWith(VERSION_LINE), text);
  return text.split('\n').slice(0, -3);
}

describe('LOLWUT', () => {
  test('says the version, whatever it is asked for', () => {
    for (const words of [[], ['x'], ['VERSION'], ['VERSION', '7', 'x'], ['version', '-1']]) {
      assert.equal(lolwut(...words), VERSION_LINE);
    }
    assert.match(lolwut('VERSION', 'x'), /^-ERR value is not an integer or out of range/);
  });

  test('version 5 draws in dots as wide as it is told', () => {
    const initial = pictureOf(lolwut('VERSION', '5'));
    assert.deepEqual([initial.length, initial[0]?.length], [49, 66]);
    const lines = pictureOf(lolwut('VERSION', '5', '10', '2', '2', 'x'));
    assert.deepEqual([lines.length, lines[0]?.length], [5, 10]);
    assert.match(lines.join(''), /^[\u2800-\u28ff]+$/);
    assert.match(lines.join(''), /[^\u2800]/);
    assert.match(lolwut('VERSION', '5', '10', 'x'), /^-ERR value is not an integer/);
  });

  test('version 6 draws in grey', () => {
    const lines = pictureOf(lolwut('VERSION', '6', '30', '7'));
    // What a terminal shows: the escapes take no room.
    const shown = lines.map((line) =>
      line
        .split('\x1b')
        .map((part) => part.replace(/^\[[0-9;]+m/, ''))
        .join(''),
    );
    assert.deepEqual(shown, new Array(7).fill(' '.repeat(30)));
    assert(lines.join('').includes('\x1b[0;30;40m'));
    assert.match(lolwut('VERSION', '6', '1', 'x'), /^-ERR value is not an integer/);
  });

  test('what is out of bounds is taken to the bound', () => {
    const small = pictureOf(lolwut('VERSION', '5', '0', '-5', '0'));
    assert.deepEqual([small.length, small[0]?.length], [1, 1]);
    const wide = pictureOf(lolwut('VERSION', '5', '5000', '999', '1'));
    assert.deepEqual([wide.length, wide[0]?.length], [4, 1000]);
    assert.equal(pictureOf(lolwut('VERSION', '6', '-1', '5000')).length, LOLWUT_LINES_MAX);
  });

  test('no picture is longer than the bound', () => {
    const lines = pictureOf(lolwut('VERSION', '5', '1000', '1', '200'));
    assert.equal(lines.length, LOLWUT_LINES_MAX);
  });

  test('any chance draws something', () => {
    for (const random of [() => 0, () => 0.5, () => 0.999, Math.random]) {
      const linesMax = 100;
      const squares = drawSquares({ columns: 20, perRow: 4, perColumn: 3, linesMax, random });
      assert.match(squares, /^([\u2800-\u28ff]{20}\n)+$/);
      assert.equal(drawHills({ columns: 20, rows: 5, random }).split('\n').length, 6);
    }
  });
});
