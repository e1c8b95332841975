/*
 * One command line of a test as arguments: words, "double quotes" with \xHH \n \r \t \a \b escapes,
 * 'single quotes' without. The same rules as redis-cli, so a failing line can be pasted there.
 */

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b' };

/** Arguments as latin1 strings. Throws on unbalanced quotes. */
export function splitCommandLine(line: string): string[] {
  const args: string[] = [];
  const pattern = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([^\s"']+))(?=\s|$)/gy;
  const text = line.trim();
  let end = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    end = pattern.lastIndex;
    const [, double, single, bare] = match;
    if (double !== undefined) args.push(unquote(double));
    else if (single !== undefined) args.push(single.replaceAll("\\'", "'"));
    else args.push(bare);
  }
  if (end !== text.length) throw new Error(`unbalanced quotes: ${line}`);
  return args;
}

function unquote(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([\s\S]))/g, (_, hex?: string, char?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return escapes[char ?? ''] ?? char ?? '';
  });
}
