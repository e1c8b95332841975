/*
 * Words of a line: blanks separate them, quotes hold them together. The same rules serve inline
 * requests and redis-cli, so a value quoted there can be pasted here. Text is latin1.
 * quoted-text.ts is the way back.
 *
 *   "…"   with \n \r \t \b \a, \xHH for any byte, and \c for any other character c
 *   '…'   with \' only
 *
 * A closing quote must be followed by a blank or the end of the line.
 */

const BLANK = /[ \t-\r]/;
const HEX_BYTE = /^[0-9a-f]{2}$/i;

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
};

/** The words of the line, or null when a quote is not closed or something sticks to its end. */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let position = 0;
  for (;;) {
    while (BLANK.test(line.charAt(position))) position++;
    if (position >= line.length) return words;
    const word = readWord(line, position);
    if (word === null) return null;
    words.push(word.text);
    position = word.end;
  }
}

interface Word {
  readonly text: string;
  readonly end: number;
}

/** One word: plain characters, then perhaps a quoted part that ends it. */
function readWord(line: string, start: number): Word | null {
  let text = '';
  for (let position = start; position < line.length; position++) {
    const character = line.charAt(position);
    // Unlike before a word, \v and \f do not end one: so it is in Redis.
    if (' \n\r\t\0'.includes(character)) return { text, end: position + 1 };
    if (character === '"' || character === "'") {
      const quoted =
        character === '"' ? readDouble(line, position + 1) : readSingle(line, position + 1);
      if (quoted === null) return null;
      const isAlone = quoted.end >= line.length || BLANK.test(line.charAt(quoted.end));
      return isAlone ? { text: text + quoted.text, end: quoted.end } : null;
    }
    text += character;
  }
  return { text, end: line.length };
}

function readDouble(line: string, start: number): Word | null {
  let text = '';
  for (let position = start; position < line.length; position++) {
    const character = line[position];
    if (character === '"') return { text, end: position + 1 };
    if (character !== '\\' || position + 1 >= line.length) {
      text += character;
      continue;
    }
    position++;
    const hex = line.slice(position + 1, position + 3);
    if (line[position] === 'x' && HEX_BYTE.test(hex)) {
      text += String.fromCharCode(Number.parseInt(hex, 16));
      position += 2;
    } else {
      const character = line.charAt(position);
      text += escapes[character] ?? character;
    }
  }
  return null;
}

function readSingle(line: string, start: number): Word | null {
  let text = '';
  for (let position = start; position < line.length; position++) {
    if (line[position] === "'") return { text, end: position + 1 };
    if (line[position] === '\\' && line[position + 1] === "'") position++;
    text += line[position];
  }
  return null;
}
