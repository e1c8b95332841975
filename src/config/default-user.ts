/*
 * `user default …` lines. There are no users here yet but this one, who may do everything with the
 * password of requirepass or with none. A line that says just that is taken, as redis-server leaves
 * one in every file that it rewrites; any other must not be ignored, for it would let in too many.
 */

import { createHash } from 'node:crypto';

/** What the other directives make of the default user. */
export interface DefaultUserFacts {
  readonly password: string;
  /** A user who is not told of channels has all of them (acl-pubsub-default). */
  readonly hasAllChannels: boolean;
}

interface User {
  isOn: boolean;
  hasNoPassword: boolean;
  /** SHA-256, in hexadecimal digits. */
  readonly passwords: Set<string>;
  hasAllKeys: boolean;
  hasAllChannels: boolean;
  hasAllCommands: boolean;
}

/**
 * Whether the rules behind `user default` say what holds without them. They are read from a user
 * who may do nothing on; rules that are not known here say something else.
 */
export function describesDefaultUser(rules: readonly string[], facts: DefaultUserFacts): boolean {
  const user: User = {
    isOn: false,
    hasNoPassword: false,
    passwords: new Set(),
    hasAllKeys: false,
    hasAllChannels: facts.hasAllChannels,
    hasAllCommands: false,
  };
  if (!rules.every((rule) => applyRule(user, rule))) return false;
  if (!user.isOn || !user.hasAllKeys || !user.hasAllChannels || !user.hasAllCommands) return false;
  if (facts.password === '') return user.hasNoPassword;
  return (
    !user.hasNoPassword && user.passwords.size === 1 && user.passwords.has(sha256(facts.password))
  );
}

/** False for a rule that is not known here. Rules are latin1, one character a byte. */
function applyRule(user: User, rule: string): boolean {
  if (rule.startsWith('>')) return addPassword(user, sha256(rule.slice(1)));
  if (/^#[0-9a-f]{64}$/.test(rule)) return addPassword(user, rule.slice(1));
  switch (rule.toLowerCase()) {
    case 'on':
      user.isOn = true;
      return true;
    case 'nopass':
      user.hasNoPassword = true;
      user.passwords.clear();
      return true;
    // Every value is checked here anyway.
    case 'sanitize-payload':
    case 'skip-sanitize-payload':
      return true;
    case '~*':
    case 'allkeys':
      user.hasAllKeys = true;
      return true;
    case '&*':
    case 'allchannels':
      user.hasAllChannels = true;
      return true;
    case '+@all':
    case 'allcommands':
      user.hasAllCommands = true;
      return true;
    default:
      return false;
  }
}

function addPassword(user: User, hash: string): true {
  user.passwords.add(hash);
  user.hasNoPassword = false;
  return true;
}

function sha256(latin1: string): string {
  return createHash('sha256').update(latin1, 'latin1').digest('hex');
}
