/*
 * Replies of RESP2 and RESP3 as typed trees, the parser that makes them, and two ways to look at
 * them: `plain` (JavaScript values, for assertions) and `render` (one line, for comparing two
 * servers exactly). Bytes appear as latin1 strings throughout: one character a byte, nothing is
 * lost.
 */

/** An error reply as a value. */
export class RespError {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The prefix word: `ERR`, `WRONGTYPE` … */
  get code(): string {
    return this.text.split(' ', 1)[0] ?? '';
  }

  toString(): string {
    return `(error) ${this.text}`;
  }
}

export type Reply =
  | { type: 'simple' | 'error' | 'bulk' | 'bigNumber' | 'double'; text: string }
  | { type: 'verbatim'; format: string; text: string }
  | { type: 'integer'; text: string }
  | { type: 'boolean'; value: boolean }
  /** RESP3 `_`, RESP2 `$-1` and `*-1`: distinct, since clients can tell them apart. */
  | { type: 'null' | 'nullBulk' | 'nullArray' }
  | { type: 'array' | 'set' | 'push' | 'map'; items: Reply[] }
  | { type: 'attribute'; items: Reply[]; reply: Reply };

/** What `plain` gives. Maps become Map, sets become arrays, integers numbers where they fit. */
export type Plain =
  | string
  | number
  | bigint
  | boolean
  | null
  | RespError
  | Plain[]
  | Map<Plain, Plain>;

export function plain(reply: Reply): Plain {
  switch (reply.type) {
    case 'simple':
    case 'bulk':
    case 'verbatim':
      return reply.text;
    case 'error':
      return new RespError(reply.text);
    case 'integer': {
      const value = Number(reply.text);
      return Number.isSafeInteger(value) ? value : BigInt(reply.text);
    }
    case 'bigNumber':
      return BigInt(reply.text);
    case 'double':
      return reply.text === 'inf'
        ? Infinity
        : reply.text === '-inf'
          ? -Infinity
          : Number(reply.text);
    case 'boolean':
      return reply.value;
    case 'null':
    case 'nullBulk':
    case 'nullArray':
      return null;
    case 'attribute':
      return plain(reply.reply);
    case 'map': {
      const map = new Map<Plain, Plain>();
      for (let i = 0; i < reply.items.length; i += 2) {
        map.set(plain(reply.items[i]), plain(reply.items[i + 1]));
      }
      return map;
    }
    default:
      return reply.items.map(plain);
  }
}

/** An unambiguous line: two replies render alike exactly when their bytes on the wire are alike. */
export function render(reply: Reply): string {
  switch (reply.type) {
    case 'simple':
      return `+${reply.text}`;
    case 'error':
      return `-${reply.text}`;
    case 'integer':
      return `(integer) ${reply.text}`;
    case 'bulk':
      return quote(reply.text);
    case 'verbatim':
      return `(verbatim ${reply.format}) ${quote(reply.text)}`;
    case 'double':
    case 'bigNumber':
      return `(${reply.type}) ${reply.text}`;
    case 'boolean':
      return `(boolean) ${reply.value}`;
    case 'null':
      return '(null)';
    case 'nullBulk':
      return '(nil)';
    case 'nullArray':
      return '(nil array)';
    case 'attribute':
      return `(attribute) ${renderItems(reply.items)} ${render(reply.reply)}`;
    case 'array':
      return renderItems(reply.items);
    default:
      return `(${reply.type}) ${renderItems(reply.items)}`;
  }
}

function renderItems(items: readonly Reply[]): string {
  return `[${items.map(render).join(', ')}]`;
}

/** In quotes, with everything unprintable as \xHH. */
export function quote(latin1: string): string {
  const shown = latin1.replace(/[^\x20-\x7e]|["\\]/g, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`;
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${shown}"`;
}

/**
 * Incremental parser for both protocol versions. Resumes by parsing the unfinished reply anew,
 * which is fine for tests except that a long bulk is skipped to its end first.
 */
export class ReplyParser {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** Nothing can be complete before so many bytes are there: keeps long bulks linear. */
  #needed = 0;
  /** Bytes of all replies returned so far. */
  consumedBytes = 0;

  feed(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#bytes = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  /** Takes empty lines out of the stream, and tells how many: signs of life between two servers. */
  takeEmptyLines(): number {
    const from = this.#at;
    while (this.#bytes[this.#at] === 0x0a) this.#at++;
    return this.#at - from;
  }

  /** Bytes not yet part of a returned reply. */
  get pendingBytes(): number {
    return this.#bytes.length - this.#at;
  }

  /** Takes up to `length` raw bytes out of the stream (payloads that are not replies). */
  takeRaw(length: number): Buffer {
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += bytes.length;
    this.consumedBytes += bytes.length;
    return bytes;
  }

  /** The next whole reply, or null when more bytes are needed. Throws on a malformed one. */
  next(): Reply | null {
    if (this.pendingBytes < this.#needed || this.pendingBytes === 0) return null;
    const start = this.#at;
    const reply = this.#parse();
    if (reply === null) {
      this.#at = start;
      return null;
    }
    this.#needed = 0;
    this.consumedBytes += this.#at - start;
    return reply;
  }

  #line(): string | null {
    const end = this.#bytes.indexOf('\r\n', this.#at, 'latin1');
    if (end < 0) return null;
    const line = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    return line;
  }

  #parse(): Reply | null {
    const line = this.#line();
    if (line === null) return null;
    const text = line.slice(1);
    switch (line[0]) {
      case '+':
        return { type: 'simple', text };
      case '-':
        return { type: 'error', text };
      case ':':
        if (!/^-?\d+$/.test(text)) throw new Error(`malformed integer ${quote(line)}`);
        return { type: 'integer', text };
      case ',':
        return { type: 'double', text };
      case '(':
        return { type: 'bigNumber', text };
      case '#':
        if (text !== 't' && text !== 'f') throw new Error(`malformed boolean ${quote(line)}`);
        return { type: 'boolean', value: text === 't' };
      case '_':
        if (text !== '') throw new Error(`malformed null ${quote(line)}`);
        return { type: 'null' };
      case '$':
        return text === '-1' ? { type: 'nullBulk' } : this.#bulk(text, 'bulk');
      case '=':
        return this.#bulk(text, 'verbatim');
      case '*':
        return text === '-1' ? { type: 'nullArray' } : this.#items('array', text, 1);
      case '~':
        return this.#items('set', text, 1);
      case '>':
        return this.#items('push', text, 1);
      case '%':
        return this.#items('map', text, 2);
      case '|':
        return this.#attribute(text);
      default:
        throw new Error(`not a reply: ${quote(line)}`);
    }
  }

  #bulk(header: string, type: 'bulk' | 'verbatim'): Reply | null {
    const length = readLength(header);
    const end = this.#at + length;
    if (this.#bytes.length < end + 2) {
      this.#needed = this.pendingBytes < length ? length : 0;
      return null;
    }
    if (this.#bytes[end] !== 13 || this.#bytes[end + 1] !== 10)
      throw new Error('bulk without CRLF');
    const text = this.#bytes.toString('latin1', this.#at, end);
    this.#at = end + 2;
    if (type === 'bulk') return { type, text };
    return { type, format: text.slice(0, 3), text: text.slice(4) };
  }

  #items(type: 'array' | 'set' | 'push' | 'map', header: string, perEntry: number): Reply | null {
    const count = readLength(header) * perEntry;
    const items: Reply[] = [];
    for (let i = 0; i < count; i++) {
      const item = this.#parse();
      if (item === null) return null;
      items.push(item);
    }
    return { type, items };
  }

  #attribute(header: string): Reply | null {
    const map = this.#items('map', header, 2);
    if (map === null || !('items' in map)) return null;
    const reply = this.#parse();
    return reply === null ? null : { type: 'attribute', items: map.items, reply };
  }
}

function readLength(text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`malformed length ${quote(text)}`);
  return Number(text);
}
