/*
 * What the limit of open files leaves for clients, and how the system's own table is read.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  openFilesMax,
  parseOpenFilesMax,
  roomForClients,
} from '../../../src/lifecycle/open-files.js';
import { RESERVED_DESCRIPTORS } from '../../../src/limits.js';

test('maxclients stays where the limit has room, or is not known', () => {
  for (const filesMax of [null, 10_000 + RESERVED_DESCRIPTORS, 1_000_000]) {
    assert.deepEqual(roomForClients(10_000, filesMax), { clientsMax: 10_000, notices: [] });
  }
});

test('one descriptor too few lowers maxclients by one and says why', () => {
  const { clientsMax, notices } = roomForClients(100, 99 + RESERVED_DESCRIPTORS);
  assert.equal(clientsMax, 99);
  assert.match(notices[0], /^You requested maxclients of 100 requiring at least 164 /);
  assert.match(notices[1], /^Server can't set maximum open files to 164 because of OS error: /);
  assert.match(notices[2], /^Current maximum open files is 163\. maxclients .* reduced to 99 /);
});

test('a limit without room for one client is not enough for a start', () => {
  const { clientsMax, notices } = roomForClients(100, RESERVED_DESCRIPTORS);
  assert.equal(clientsMax, 0);
  assert.match(notices[0], /^Your current 'ulimit -n' of 64 is not enough /);
});

test('the soft limit is read from the table of limits', () => {
  const row = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \n` +
    `Max processes             62000                62000                processes \n` +
    `Max open files            ${soft.padEnd(20)} 20000                files     \n`;
  assert.equal(parseOpenFilesMax(row('1024')), 1024);
  assert.equal(parseOpenFilesMax(row('unlimited')), null);
  assert.equal(parseOpenFilesMax(''), null);
});

test('this process has a limit, where the system tells it', (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux tells it in a file');
  assert.ok((openFilesMax() ?? 0) > RESERVED_DESCRIPTORS);
});
