/*
 * Bytes as text in double quotes, for logs and for lines that a parser reads back: quotes,
 * backslashes and the usual control characters escaped by letters, all other bytes than printable
 * ASCII as \xHH. Text is latin1. words.ts is the way back.
 */

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['"', '\\"'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
]);

export function quoteText(text: string): string {
  const escaped = text.replace(
    /[^ !#-[\]-~]/g,
    (character) =>
      escapes.get(character) ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
  return `"${escaped}"`;
}
