/*
 * When keys past their time are deleted and when they are only hidden: by role, pause and load,
 * with a keyspace of one field.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientPause } from '../../../src/commands/client-pause.js';
import type { Keyspace } from '../../../src/keyspace/keyspace.js';
import { ExpiryRule } from '../../../src/lifecycle/expiry-mode.js';

function build() {
  const keyspace = { expiryMode: 'primary' } as Keyspace;
  const pause = { isActive: false };
  const state = { isLoading: false };
  const rule = new ExpiryRule({
    keyspace,
    pause: () => pause as ClientPause,
    isLoading: () => state.isLoading,
  });
  return { keyspace, pause, state, rule };
}

test('a primary deletes, a replica hides', () => {
  const { keyspace, rule } = build();
  rule.role = 'replica';
  assert.equal(keyspace.expiryMode, 'replica');
  rule.role = 'primary';
  assert.equal(keyspace.expiryMode, 'primary');
});

test('while clients are paused a primary only hides', () => {
  const { keyspace, pause, rule } = build();
  pause.isActive = true;
  rule.apply();
  assert.equal(keyspace.expiryMode, 'paused');
  pause.isActive = false;
  rule.apply();
  assert.equal(keyspace.expiryMode, 'primary');
});

test('a pause that ends during a load changes nothing until the load asks at its end', () => {
  const { keyspace, pause, state, rule } = build();
  pause.isActive = true;
  rule.apply();
  state.isLoading = true;
  keyspace.expiryMode = 'stream';
  pause.isActive = false;
  rule.apply();
  assert.equal(keyspace.expiryMode, 'stream');
  assert.equal(rule.mode, 'primary');
});
