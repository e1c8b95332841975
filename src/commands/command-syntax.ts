/*
 * The notation in which a row writes its arguments, and its reading into the tree that COMMAND DOCS
 * replies, from which redis-cli makes its hints:
 *
 *   name  name:type            an argument; types are those of COMMAND DOCS, `string` when left out
 *   name"text"                 … shown as `text`
 *   TOKEN name                 … behind a word
 *   TOKEN  name=TOKEN          a word alone; named as itself in lower case, or as told
 *   name( a | b )  name{ a b } one of several; several together. A word may stand before them
 *   [ … ]  x...  x...*         optional; repeated; repeated together with its word
 *   x@7.0.0  x@-7.0.0          since a version; deprecated since
 *
 * Types `key` count up the row's key specifications; `key#n` names one. `name=TOKEN` is needed
 * where an argument of its own follows the word. Texts are ours: a mistake in one is a bug, and
 * asserts.
 */

import assert from 'node:assert/strict';

export interface ArgumentDocs {
  name: string;
  type: string;
  displayText?: string;
  keySpecIndex?: number;
  token?: string;
  since?: string;
  deprecatedSince?: string;
  /** `optional`, `multiple`, `multiple_token`, in this order. */
  flags: string[];
  arguments?: ArgumentDocs[];
}

const WORD = /[A-Z][A-Z0-9_-]*/y;
const NAME = /[a-z][a-z0-9_-]*/y;
const TYPE = /:([a-z-]+)/y;
const KEY_SPEC = /#([0-9]+)/y;
const DISPLAY = /"([^"]*)"/y;
const ALIAS = /=([^\s()|{}[\]@.]+)/y;
const REPEAT = /\.\.\.(\*?)/y;
const VERSION = /@(-?)([0-9.]+)/y;

/** The arguments that a row's `syntax` describes. */
export function parseSyntax(syntax: string): ArgumentDocs[] {
  const parser = new SyntaxParser(syntax);
  const found = parser.sequence();
  assert(parser.isAtEnd, `cannot read the syntax: ${syntax}`);
  return found;
}

class SyntaxParser {
  readonly #text: string;
  #at = 0;
  #nextKeySpec = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** Arguments one after the other, up to a closing bracket, a bar or the end. */
  sequence(): ArgumentDocs[] {
    const found: ArgumentDocs[] = [];
    for (this.#skipBlanks(); !this.isAtEnd && !this.#isNextOneOf('])}|'); this.#skipBlanks()) {
      found.push(this.#argument());
    }
    return found;
  }

  #argument(): ArgumentDocs {
    const isOptional = this.#takes('[');
    this.#skipBlanks();
    const argument = this.#plain();
    this.#skipBlanks();
    if (isOptional) {
      this.#expect(']');
      argument.flags.unshift('optional');
      this.#suffixes(argument);
    }
    return argument;
  }

  #plain(): ArgumentDocs {
    const token = this.#match(WORD)?.[0];
    this.#skipBlanks();
    const name = this.#match(NAME)?.[0];
    assert(token !== undefined || name !== undefined, `no argument in: ${this.#text}`);
    let argument: ArgumentDocs;
    if (name === undefined) argument = pureToken(token ?? '', undefined);
    else argument = this.#named(name);
    if (name !== undefined && token !== undefined) argument.token = token;
    this.#suffixes(argument);
    return argument;
  }

  #named(name: string): ArgumentDocs {
    const alias = this.#match(ALIAS)?.[1];
    if (alias !== undefined) return pureToken(alias, name);
    if (this.#takes('(')) {
      const alternatives = [this.#alternative()];
      while (this.#takes('|')) alternatives.push(this.#alternative());
      this.#expect(')');
      return { name, type: 'oneof', flags: [], arguments: alternatives };
    }
    if (this.#takes('{')) {
      const parts = this.sequence();
      this.#expect('}');
      return { name, type: 'block', flags: [], arguments: parts };
    }
    const type = this.#match(TYPE)?.[1] ?? 'string';
    const displayText = this.#match(DISPLAY)?.[1] ?? name;
    const argument: ArgumentDocs = { name, type, displayText, flags: [] };
    if (type === 'key') {
      const named = this.#match(KEY_SPEC);
      argument.keySpecIndex = named ? Number(named[1]) : this.#nextKeySpec++;
    }
    return argument;
  }

  #alternative(): ArgumentDocs {
    this.#skipBlanks();
    const argument = this.#argument();
    this.#skipBlanks();
    return argument;
  }

  #suffixes(argument: ArgumentDocs): void {
    const repeat = this.#match(REPEAT);
    if (repeat) argument.flags.push('multiple');
    if (repeat?.[1]) argument.flags.push('multiple_token');
    const [, isDeprecated, version] = this.#match(VERSION) ?? [];
    if (version === undefined) return;
    if (isDeprecated) argument.deprecatedSince = version;
    else argument.since = version;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #isNextOneOf(characters: string): boolean {
    const next = this.#text[this.#at];
    return next !== undefined && characters.includes(next);
  }

  #takes(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string): void {
    this.#skipBlanks();
    assert(this.#takes(character), `${character} expected at ${this.#at} of: ${this.#text}`);
  }

  #skipBlanks(): void {
    while (this.#text[this.#at] === ' ') this.#at++;
  }
}

function pureToken(token: string, name: string | undefined): ArgumentDocs {
  const itsName = name ?? token.toLowerCase();
  return { name: itsName, type: 'pure-token', displayText: itsName, token, flags: [] };
}
