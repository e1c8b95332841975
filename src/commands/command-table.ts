/*
 * The commands that exist, built once at start from the rows beside the handlers. Looks a request's
 * command up by its bytes without making a string, and holds for each command what the gates of
 * dispatch read: its flags as bits. Must not know handlers' families, sessions or replies.
 */

import assert from 'node:assert/strict';
import type { Arguments } from '../resp/arguments.js';
import type { CommandFlag, CommandRow, Handler } from './command.js';

/** Bits of `Command.flags`, one for each CommandFlag. */
export const flagBits: Record<CommandFlag, number> = {
  write: 1 << 0,
  readonly: 1 << 1,
  denyoom: 1 << 2,
  admin: 1 << 3,
  pubsub: 1 << 4,
  noscript: 1 << 5,
  blocking: 1 << 6,
  loading: 1 << 7,
  stale: 1 << 8,
  skip_monitor: 1 << 9,
  skip_slowlog: 1 << 10,
  asking: 1 << 11,
  fast: 1 << 12,
  no_auth: 1 << 13,
  may_replicate: 1 << 14,
  allow_busy: 1 << 15,
  no_async_loading: 1 << 16,
  no_multi: 1 << 17,
  movablekeys: 1 << 18,
};

/** Not `fast` in Redis's words, which have freeing in mind; here freeing is brief too. */
const BRIEF_BESIDES = new Set(['set', 'setex', 'psetex', 'del']);

/** A row made ready: what dispatch reads for each request lies in plain fields. */
export class Command {
  readonly row: CommandRow;
  /** Position in CommandTable.all, which statistics use as their index. */
  readonly index: number;
  /** Full name, `container|sub` for a subcommand. */
  readonly name: string;
  readonly nameBytes: Uint8Array;
  readonly arity: number;
  readonly flags: number;
  readonly run: Handler | null;
  /** Takes about a microsecond when it has few arguments: not worth a look at the clock. */
  readonly isBrief: boolean;
  /** The container of a subcommand. */
  readonly parent: Command | null;
  readonly subcommands: Command[] = [];

  constructor(row: CommandRow, index: number, parent: Command | null) {
    this.row = row;
    this.index = index;
    this.name = row.name;
    this.parent = parent;
    const ownName = parent ? row.name.slice(parent.name.length + 1) : row.name;
    this.nameBytes = Uint8Array.from(ownName, (char) => char.charCodeAt(0));
    this.arity = row.arity;
    this.flags = row.flags.reduce((bits, flag) => bits | flagBits[flag], 0);
    this.run = row.run ?? null;
    this.isBrief = row.flags.includes('fast') || BRIEF_BESIDES.has(row.name);
  }

  /** Whether a request of `count` arguments, name included, fits. */
  accepts(count: number): boolean {
    return this.arity >= 0 ? count === this.arity : count >= -this.arity;
  }

  has(flag: CommandFlag): boolean {
    return (this.flags & flagBits[flag]) !== 0;
  }
}

/** One rename-command line. */
export interface Rename {
  readonly from: string;
  /** Empty: the command is taken away. */
  readonly to: string;
}

/** A rename-command line that cannot be obeyed: Redis's words for it, and which it was. */
export class RenameError extends Error {
  rename: Rename | null = null;
}

/** A command under the name that it has now. */
interface Named {
  readonly bytes: Uint8Array;
  readonly command: Command;
}

export class CommandTable {
  /** Every command and subcommand; `all[i].index === i`. */
  readonly all: readonly Command[];
  /** Top-level commands by the lower-case name that they have now. */
  readonly #byName = new Map<string, Command>();
  /** Open-addressed table over the top level. */
  readonly #slots: (Named | null)[];
  readonly #mask: number;

  /** Throws a RenameError for a rename that cannot be. */
  constructor(families: readonly (readonly CommandRow[])[], renames: readonly Rename[] = []) {
    const all: Command[] = [];
    const names = new Set<string>();
    const add = (row: CommandRow, parent: Command | null): void => {
      assert(!names.has(row.name), `two rows for the command ${row.name}`);
      assert(row.name === row.name.toLowerCase());
      names.add(row.name);
      const command = new Command(row, all.length, parent);
      all.push(command);
      if (parent === null) this.#byName.set(row.name, command);
      else parent.subcommands.push(command);
      for (const sub of row.subcommands ?? []) add(sub, command);
    };
    for (const rows of families) for (const row of rows) add(row, null);
    this.all = all;
    let size = 64;
    while (size < all.length * 4) size *= 2;
    this.#slots = new Array(size).fill(null);
    this.#mask = size - 1;
    for (const rename of renames) {
      try {
        this.#rename(rename);
      } catch (error) {
        if (error instanceof RenameError) error.rename = rename;
        throw error;
      }
    }
    for (const [name, command] of this.#byName) this.#insert(name, command);
  }

  #rename({ from, to }: Rename): void {
    const oldName = from.toLowerCase();
    const newName = to.toLowerCase();
    const command = this.#byName.get(oldName);
    if (!command) throw new RenameError('No such command in rename-command');
    this.#byName.delete(oldName);
    if (newName === '') return;
    if (this.#byName.has(newName)) throw new RenameError('Target command name already exists');
    this.#byName.set(newName, command);
  }

  /** What COMMAND COUNT counts: top-level commands, without those renamed to nothing. */
  get topLevel(): readonly Command[] {
    return [...this.#byName.values()];
  }

  /** A command by the name that it has now, `container|sub` for a subcommand. */
  byName(name: string): Command | null {
    const [first = '', sub, ...more] = name.toLowerCase().split('|', 3);
    const command = this.#byName.get(first) ?? null;
    if (command === null || sub === undefined) return command;
    return more.length > 0 ? null : subcommandOf(command, sub);
  }

  /**
   * The command that a request names, the subcommand where there is one. `null` when it is unknown;
   * then `containerOf` tells whether only the subcommand is.
   */
  lookup(args: Arguments): Command | null {
    const command = this.#find(args.buffer, args.start[0], args.end[0]);
    if (command === null || command.subcommands.length === 0) return command;
    if (args.count < 2) return command;
    for (const sub of command.subcommands) {
      if (isSameName(sub.nameBytes, args.buffer, args.start[1], args.end[1])) return sub;
    }
    // COMMAND alone runs; `COMMAND nonsense` does not.
    return null;
  }

  /** The top-level command named by the first argument. */
  containerOf(args: Arguments): Command | null {
    return this.#find(args.buffer, args.start[0], args.end[0]);
  }

  #insert(name: string, command: Command): void {
    const bytes = Uint8Array.from(name, (char) => char.charCodeAt(0));
    let slot = hashName(bytes, 0, bytes.length) & this.#mask;
    while (this.#slots[slot] !== null) slot = (slot + 1) & this.#mask;
    this.#slots[slot] = { bytes, command };
  }

  #find(buffer: Uint8Array, start: number, end: number): Command | null {
    let slot = hashName(buffer, start, end) & this.#mask;
    for (;;) {
      const named = this.#slots[slot];
      if (named === null || named === undefined) return null;
      if (isSameName(named.bytes, buffer, start, end)) return named.command;
      slot = (slot + 1) & this.#mask;
    }
  }
}

/** The subcommand of that name, in whatever case. */
export function subcommandOf(container: Command, name: string): Command | null {
  const full = `${container.name}|${name.toLowerCase()}`;
  return container.subcommands.find((sub) => sub.name === full) ?? null;
}

/** Case-insensitive for letters; other bytes may collide, which the comparison sorts out. */
function hashName(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  // No command is longer; a hostile name of megabytes must not be hashed to its end.
  const limit = end - start > 32 ? start + 32 : end;
  for (let i = start; i < limit; i++) hash = Math.imul(hash ^ (bytes[i] | 0x20), 0x01000193);
  return hash ^ (hash >>> 15);
}

function isSameName(name: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + i];
    const lower = byte >= 65 && byte <= 90 ? byte | 0x20 : byte;
    if (lower !== name[i]) return false;
  }
  return true;
}
