/*
 * Reads configuration text, line by line, into a Config: directives, `include`, `rename-command`,
 * and names that Redis ignores. Files, wildcards and the working folder come in through an
 * interface.
 *
 * What must not be ignored silently is an error: users other than the default one as it is anyway,
 * modules, and everything unknown.
 */

import { CONFIG_INCLUDES_MAX } from '../limits.js';
import { splitWords } from '../structures/words.js';
import type { Config } from './config.js';
import { describesDefaultUser } from './default-user.js';
import { toLatin1 } from './scalar-types.js';

/**
 * What reading a configuration needs of the process. Texts are latin1, paths are strings of Node.
 */
export interface ConfigFiles {
  /** The whole file. Throws with the reason of the system. */
  readFile(path: string): string;
  /** Paths for a pattern with wildcards. */
  expand(pattern: string): string[];
  /** Changes the working folder; returns why not. */
  changeFolder(path: string): string | null;
  currentFolder(): string;
}

/** Where a line stands. */
export interface LineOrigin {
  /** The included file, or null in the main text. */
  readonly included: string | null;
  readonly lineNumber: number;
  readonly line: string;
}

/** A configuration that cannot be used. */
export class ConfigError extends Error {
  readonly origin: LineOrigin | null;

  constructor(reason: string, origin: LineOrigin | null) {
    super(reason);
    this.origin = origin;
  }
}

/** Names that once had a value and no longer mean anything. */
const obsolete = new Set([
  'list-max-ziplist-entries',
  'list-max-ziplist-value',
  'lua-replicate-commands',
]);

const NO_USERS = 'ACL users are not supported by this version';

const unsupported: ReadonlyMap<string, string> = new Map([
  ['user', NO_USERS],
  ['loadmodule', 'modules are not supported'],
  ['sentinel', 'sentinel directive while not in sentinel mode'],
]);

export class ConfigReader {
  readonly #config: Config;
  readonly #files: ConfigFiles;
  /** Files being included right now, the innermost last; and how many there were in all. */
  readonly #open: string[] = [];
  #includes = 0;
  /** `user default` lines: the rules behind it. */
  readonly #defaultUsers: { readonly rules: readonly string[]; readonly origin: LineOrigin }[] = [];

  constructor(options: { config: Config; files: ConfigFiles }) {
    this.#config = options.config;
    this.#files = options.files;
  }

  /** Reads all lines. Throws ConfigError. */
  readText(text: string): void {
    const included = this.#open.at(-1) ?? null;
    text.split('\n').forEach((raw, index) => {
      const line = raw.replace(/^[ \t\r]+|[ \t\r]+$/g, '');
      if (line === '' || line.startsWith('#')) return;
      this.#readLine({ included, lineNumber: index + 1, line });
    });
  }

  /**
   * After all lines: what `user default` says must be what the others say of it. Throws
   * ConfigError.
   */
  checkUsers(): void {
    const { values } = this.#config;
    const facts = {
      password: values.requirepass,
      hasAllChannels: values['acl-pubsub-default'] === 'allchannels',
    };
    for (const { rules, origin } of this.#defaultUsers) {
      if (!describesDefaultUser(rules, facts)) throw new ConfigError(NO_USERS, origin);
    }
  }

  #readLine(origin: LineOrigin): void {
    const words = splitWords(origin.line);
    if (words === null) throw new ConfigError('Unbalanced quotes in configuration line', origin);
    const [given, ...values] = words;
    if (given === undefined) return;
    const name = given.toLowerCase();
    const [first = '', second = ''] = values;
    const refusal = unsupported.get(name);
    if (name === 'include' && values.length === 1) {
      this.#include(first, origin);
    } else if (name === 'rename-command' && values.length === 2) {
      this.#config.renamedCommands.push({ from: first, to: second, origin });
    } else if (name === 'user' && first === 'default') {
      this.#defaultUsers.push({ rules: values.slice(1), origin });
    } else if (refusal !== undefined && values.length > 0) {
      throw new ConfigError(refusal, origin);
    } else if (!(obsolete.has(name) && values.length === 1)) {
      this.#readDirective(name, values, origin);
    }
  }

  #readDirective(name: string, words: readonly string[], origin: LineOrigin): void {
    const error = this.#config.load(name, spread(this.#config, name, words));
    if (error !== null) throw new ConfigError(error, origin);
    if (name !== 'dir') return;
    // At once: later relative paths, those of include as well, are found from there.
    const failure = this.#files.changeFolder(this.#config.values.dir);
    if (failure !== null) throw new ConfigError(failure, origin);
    this.#config.override('dir', this.#files.currentFolder());
  }

  /** A pattern that matches no file is fine (an empty conf.d); a plain name must exist. */
  #include(name: string, origin: LineOrigin): void {
    const path = Buffer.from(name, 'latin1').toString('utf8');
    const paths = /[*?[]/.test(path) ? this.#files.expand(path) : [path];
    for (const each of paths) {
      if (++this.#includes > CONFIG_INCLUDES_MAX) {
        throw new ConfigError('too many included files: does one include itself?', origin);
      }
      let text: string;
      try {
        text = this.#files.readFile(each);
      } catch (error) {
        throw new ConfigError(cannotOpen(toLatin1(each), error), origin);
      }
      this.#open.push(each);
      this.readText(text);
      this.#open.pop();
    }
  }
}

export function cannotOpen(path: string, error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `Fatal error, can't open config file '${path}': ${reason}`;
}

/** `save "900 1"` is `save 900 1`: one word with several in it, for directives that take words. */
function spread(config: Config, name: string, words: readonly string[]): readonly string[] {
  const [word = '', ...more] = words;
  if (word === '' || more.length > 0 || !config.takesWords(name)) return words;
  return splitWords(word) ?? [];
}
