/*
 * How INFO writes a section and its figures: `# Name`, then `field:value` lines, each ended by CRLF
 * (tools look for `\r\n` before and after a field). Must not know where a figure comes from.
 */

export type InfoValue = string | number;

/** Fields in the order in which they are shown. */
export type InfoFields = readonly (readonly [name: string, value: InfoValue])[];

/** The text of one section. */
export function formatSection(title: string, fields: InfoFields): string {
  let text = `# ${title}\r\n`;
  for (const [name, value] of fields) text += `${name}:${value}\r\n`;
  return text;
}

/** `name:value` lines as fields. */
export function fieldsOf(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
}

/** `defaults` with the values of `given` where it has the same field, and its further fields after.
 */
export function mergeFields(defaults: InfoFields, given: InfoFields): InfoFields {
  return [...new Map<string, InfoValue>([...defaults, ...given])];
}

const UNITS = ['K', 'M', 'G', 'T', 'P'];

/** Bytes for people, as Redis writes them: `1.50M`. */
export function humanBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes}B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(2)}${UNITS[unit]}`;
}

/** Microseconds as seconds with six decimals. */
export function secondsText(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6);
}

/** `part` of `whole` in percent with two decimals. */
export function percentText(part: number, whole: number): string {
  return `${whole > 0 ? ((part / whole) * 100).toFixed(2) : '0.00'}%`;
}

/** A ratio with two decimals; 0 without a denominator. */
export function ratioText(a: number, b: number): string {
  return (b > 0 ? a / b : 0).toFixed(2);
}
