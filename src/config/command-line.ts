/*
 * The command line as configuration: `[file] [-] [--directive value …]`. Options become lines that
 * are read after the file and standard input, so the last one wins. Pure; text is latin1.
 */

import { quoteText } from '../structures/quoted-text.js';
import { splitWords } from '../structures/words.js';

export interface CommandLine {
  /** The configuration file as it was given, or null. */
  readonly file: string | null;
  /** A lone `-`, first or last: read standard input after the file. */
  readonly readsStandardInput: boolean;
  /** Lines made of the other arguments, without a line break at the end. */
  readonly lines: string;
}

/**
 * A first argument without a dash is the file. An argument that begins with `--` opens a line,
 * unless the option before it still lacks its value: values may begin with dashes (`--requirepass
 * --x`). `"--port 7000"` in one argument is complete by itself. Any other argument is a value; it
 * is quoted, so blanks and quotes in it are its own. Only a bare `--save` may lack its value: it
 * means none.
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [first = '-'] = args;
  const hasFile = !first.startsWith('-');
  let readsStandardInput = false;
  let lines = '';
  let isComplete = true;
  for (const [i, arg] of args.entries()) {
    if (i === 0 && hasFile) continue;
    const next = args[i + 1];
    const isLast = next === undefined;
    if (arg === '-' && (i === 0 || isLast)) {
      readsStandardInput = true;
    } else if (isComplete && arg.startsWith('--')) {
      lines += `${lines === '' ? '' : '\n'}${arg.slice(2)} `;
      isComplete = splitWords(arg)?.length !== 1;
      const isBare = isLast || next.startsWith('--');
      if (arg.toLowerCase() === '--save' && isBare) {
        lines += '""';
        isComplete = true;
      }
    } else {
      lines += `${quoteText(arg)} `;
      isComplete = true;
    }
  }
  return { file: hasFile ? first : null, readsStandardInput, lines };
}
