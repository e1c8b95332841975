/*
 * The configuration in force: typed values for the parts of the server, CONFIG GET and SET for
 * clients, and the lines that CONFIG REWRITE would write. It knows the rows, not the reader of
 * files: that fills it through `load`. Parts that must act on a change register with `onChange`; a
 * part that refuses makes CONFIG SET restore everything.
 *
 * Names and texts are latin1 (one character, one byte). Must not know files, sockets or the log.
 */

import { latin1, textUntilZero } from '../structures/bytes.js';
import { matchesGlob } from '../structures/glob.js';
import type { LineOrigin } from './config-reader.js';
import type { AnyDirective, Parsed } from './directive.js';
import {
  type ConfigValues,
  type DirectiveName,
  directives,
  directivesByName,
} from './directives.js';

/** Acts on a new value; returns why it cannot, and must then have changed nothing. */
export type ApplyChange<Value> = (value: Value) => string | null;

/** What CONFIG SET depends on besides its arguments. */
export interface SetContext {
  /** A data set is being loaded. */
  readonly isLoading: boolean;
  /** The client is on this machine. */
  readonly isLoopback: boolean;
}

export interface RenamedCommand {
  readonly from: string;
  /** '' takes the command away. */
  readonly to: string;
  /** For the error when there is no such command. */
  readonly origin: LineOrigin;
}

interface Shown {
  readonly value: unknown;
  /** What CONFIG GET shows. */
  readonly text: string;
}

interface Setting {
  value: unknown;
  /** What CONFIG GET shows. */
  text: string;
  apply: ApplyChange<unknown> | null;
  /** What holds without any line of a configuration. */
  initial: Shown;
  /** A line of the configuration being loaded has set it. */
  isLoaded: boolean;
}

interface Change {
  readonly row: AnyDirective;
  readonly name: string;
  readonly setting: Setting;
  readonly old: Shown;
}

/** A line that a directive has, or could have, in a configuration file. */
export interface WrittenLine {
  readonly text: string;
  /** It must be there: without it another value would hold. */
  readonly isNeeded: boolean;
}

export class Config {
  /** The values in force. Keep the object, not its values: they change. For very hot paths, copy
   * the value in an onChange hook: a look-up here costs some nanoseconds. */
  readonly values: ConfigValues;
  /** Absolute path of the configuration file, '' without one. */
  file = '';
  /** `rename-command` lines, in order. Whoever knows the commands carries them out. */
  readonly renamedCommands: RenamedCommand[] = [];
  /** Told when a change was taken back. Set by main once there is a log. */
  onWarning: (text: string) => void = () => {};
  /** Told when CONFIG SET gives a directive that nothing obeys another value than its default. */
  onIneffective: (name: string) => void = () => {};
  readonly #values: Record<string, unknown> = {};
  readonly #settings = new Map<AnyDirective, Setting>();

  constructor() {
    for (const row of directives) {
      const initial = { value: row.initial, text: row.type.format(row.initial) };
      this.#settings.set(row, { ...initial, apply: null, initial, isLoaded: false });
      this.#values[row.name] = row.initial;
    }
    this.values = this.#values as unknown as ConfigValues;
  }

  /**
   * Registers what acts on changes of a directive. One for each; not called for the present value.
   */
  onChange<Name extends DirectiveName>(name: Name, apply: ApplyChange<ConfigValues[Name]>): void {
    this.#settingOf(name).apply = apply as ApplyChange<unknown>;
  }

  /** True when the value of that directive is all the words of its line. */
  takesWords(name: string): boolean {
    return directivesByName.get(name)?.type.takesWords ?? false;
  }

  /** Directives that say `hook` and have none. For a check at start. */
  missingHooks(): string[] {
    return directives
      .filter((row) => row.apply === 'hook' && this.#setting(row).apply === null)
      .map((row) => row.name);
  }

  /**
   * Directives that were given a value other than their default, which this version does not obey,
   * or in part only.
   */
  ineffective(): string[] {
    return directives
      .filter(isUnmet)
      .filter((row) => this.#setting(row).text !== row.type.format(row.initial))
      .map((row) => row.name);
  }

  /**
   * Puts a value in force that the server itself decided (REPLICAOF, the working folder), without
   * bounds and hooks.
   */
  override<Name extends DirectiveName>(name: Name, value: ConfigValues[Name]): void {
    const row = this.#rowOf(name);
    this.#store(row, { value, text: row.type.format(value) });
  }

  /**
   * Takes one line of a configuration: a directive's name in any case, and its words. Hooks are not
   * called, and immutable directives may be set. Returns what is wrong, in Redis's words.
   */
  load(name: string, words: readonly string[]): string | null {
    const row = directivesByName.get(name.toLowerCase());
    if (row === undefined) return 'Bad directive or wrong number of arguments';
    const setting = this.#setting(row);
    const parsed = parseLine(row, words, setting.value);
    if ('error' in parsed) return parsed.error;
    const { accumulate } = row.type;
    if (accumulate !== undefined && setting.isLoaded) {
      const value = accumulate(setting.value, parsed.value);
      this.#store(row, { value, text: row.type.format(value) });
    } else {
      this.#store(row, parsed);
    }
    setting.isLoaded = true;
    return null;
  }

  /** What was loaded so far counts as defaults: lines that add up start anew. */
  forgetLines(): void {
    for (const setting of this.#settings.values()) {
      setting.isLoaded = false;
      setting.initial = { value: setting.value, text: setting.text };
    }
  }

  /**
   * The lines of a directive in a configuration file, for CONFIG REWRITE. None where it should not
   * be in the file at all; lines that are not needed are for places where it stands already.
   */
  linesOf(row: AnyDirective): WrittenLine[] {
    const { value, text, initial } = this.#setting(row);
    const isDefault = text === initial.text;
    const defaultLine = row.defaultLine ?? (text === '' ? 'none' : 'kept');
    if (isDefault && defaultLine === 'none') return [];
    const write = (shown: Shown) => row.type.write?.(shown.value, shown.text) ?? [shown.text];
    const initialTexts = write(initial);
    return write({ value, text }).map((written, index) => ({
      text: `${row.name} ${written}`,
      isNeeded: defaultLine === 'always' || written !== initialTexts[index],
    }));
  }

  /**
   * CONFIG GET: names and texts for exact names and glob patterns, in any case. A directive with an
   * alias answers to both names; an exact name is answered as it was asked.
   */
  get(patterns: readonly string[]): [name: string, text: string][] {
    const found = new Map<string, [string, string]>();
    for (const pattern of patterns) {
      for (const [name, row] of matching(pattern)) {
        const key = name.toLowerCase();
        if (!found.has(key)) found.set(key, [name, this.#setting(row).text]);
      }
    }
    return [...found.values()];
  }

  /**
   * CONFIG SET: all pairs or none. Returns the error reply with its prefix word, or null.
   *
   * Side effects: 1. the values change; 2. hooks of changed directives run, in the order given;
   * 3. when one refuses, all values return and those hooks run again with the old ones.
   */
  set(
    pairs: readonly (readonly [name: string, text: string])[],
    context: SetContext,
  ): { readonly error: string } | null {
    const refused = refusePairs(pairs, context, this.values['enable-protected-configs']);
    if (refused !== null) return { error: oneLine(refused) };
    const changes: Change[] = [];
    for (const [given, text] of pairs) {
      const name = given.toLowerCase();
      const row = this.#rowOf(name);
      const setting = this.#setting(row);
      const parsed = parseText(row, text, setting.value);
      if ('error' in parsed) {
        this.#restore(changes);
        return { error: oneLine(failed(name, parsed.error)) };
      }
      changes.push({
        row,
        name,
        setting,
        old: { value: setting.value, text: setting.text },
      });
      this.#store(row, parsed);
    }
    return this.#applyAll(changes);
  }

  #applyAll(changes: readonly Change[]): { readonly error: string } | null {
    const applied: Change[] = [];
    for (const change of changes) {
      if (change.setting.text === change.old.text || change.setting.apply === null) continue;
      applied.push(change);
      const error = change.setting.apply(change.setting.value);
      if (error === null) continue;
      this.onWarning(
        'Failed applying new configuration. Possibly related to new ' +
          `${change.name} setting. Restoring previous settings.`,
      );
      this.#restore(changes);
      for (const { setting } of applied.slice(0, -1)) {
        const again = setting.apply?.(setting.value) ?? null;
        if (again !== null) {
          this.onWarning(`Failed applying restored failed CONFIG SET command: ${again}`);
        }
      }
      return { error: oneLine(failed(change.name, error)) };
    }
    for (const { row, setting, old } of changes) {
      if (!isUnmet(row) || setting.text === old.text) continue;
      if (setting.text !== row.type.format(row.initial)) this.onIneffective(row.name);
    }
    return null;
  }

  /** Last first: a directive given under both of its names returns to what it was before both. */
  #restore(changes: readonly Change[]): void {
    for (const { row, old } of changes.toReversed()) this.#store(row, old);
  }

  #store(row: AnyDirective, { value, text }: { value: unknown; text: string }): void {
    const setting = this.#setting(row);
    setting.value = value;
    setting.text = text;
    this.#values[row.name] = value;
  }

  #rowOf(name: string): AnyDirective {
    const row = directivesByName.get(name);
    if (row === undefined) throw new Error(`no directive ${name}`);
    return row;
  }

  #setting(row: AnyDirective): Setting {
    const setting = this.#settings.get(row);
    if (setting === undefined) throw new Error(`no setting for ${row.name}`);
    return setting;
  }

  #settingOf(name: string): Setting {
    return this.#setting(this.#rowOf(name));
  }
}

/** This version does not do all that its values say. */
function isUnmet({ apply, gap }: AnyDirective): boolean {
  return apply === 'kept' || gap !== undefined;
}

/** The words behind a directive's name in a file. */
function parseLine(
  row: AnyDirective,
  words: readonly string[],
  previous: unknown,
): Parsed<unknown> {
  const { type } = row;
  if (type.takesWords) return unlessRefused(row, type.parse(words, previous));
  const [word, ...more] = words;
  if (word === undefined || more.length > 0) return { error: 'wrong number of arguments' };
  return unlessRefused(row, type.parse(word));
}

/** The text that CONFIG SET gives a directive. */
function parseText(row: AnyDirective, text: string, previous: unknown): Parsed<unknown> {
  const { type } = row;
  if (!type.takesWords) return unlessRefused(row, type.parse(text));
  return unlessRefused(row, type.parse(text === '' ? [] : text.split(' '), previous));
}

function unlessRefused(row: AnyDirective, parsed: Parsed<unknown>): Parsed<unknown> {
  if ('error' in parsed) return parsed;
  const refusal = row.refuse?.(parsed.value) ?? null;
  return refusal === null ? parsed : { error: refusal };
}

/** What can be refused before any value is read; the first pair that is refused decides. */
function refusePairs(
  pairs: readonly (readonly [string, string])[],
  context: SetContext,
  protectedConfigs: 'no' | 'yes' | 'local',
): string | null {
  const seen = new Set<string>();
  for (const [given] of pairs) {
    const name = given.toLowerCase();
    const row = directivesByName.get(name);
    if (row === undefined) {
      const quoted = textUntilZero(given);
      return `ERR Unknown option or number of arguments for CONFIG SET - '${quoted}'`;
    }
    const isAllowed =
      protectedConfigs === 'yes' || (protectedConfigs === 'local' && context.isLoopback);
    if (row.mutable === 'no') return failed(given, "can't set immutable config");
    if (row.mutable === 'protected' && !isAllowed) {
      return failed(given, "can't set protected config");
    }
    if (context.isLoading && row.isRefusedWhileLoading) {
      return 'LOADING Redis is loading the dataset in memory';
    }
    if (seen.has(name)) return failed(given, 'duplicate parameter');
    seen.add(name);
  }
  return null;
}

export function failed(name: string, reason: string): string {
  return `ERR CONFIG SET failed (possibly related to argument '${name}') - ${reason}`;
}

/** An error reply is one line. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}

function matching(pattern: string): (readonly [string, AnyDirective])[] {
  if (!/[*?[]/.test(pattern)) {
    const row = directivesByName.get(pattern.toLowerCase());
    return row === undefined ? [] : [[pattern, row]];
  }
  const glob = latin1(pattern);
  return [...directivesByName].filter(
    ([name, row]) => row.isHidden !== true && matchesGlob(glob, latin1(name), 0, name.length, true),
  );
}
