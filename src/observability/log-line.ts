/*
 * One log line in Redis's format. Tools cut it at blanks, so its fields and their order are fixed:
 *
 *   27308:M 09 Feb 2026 14:03:07.042 * Server initialized
 *   pid   role, local time           level, text
 */

export type WrittenLevel = 'debug' | 'verbose' | 'notice' | 'warning';

const marks: Readonly<Record<WrittenLevel, string>> = {
  debug: '.',
  verbose: '-',
  notice: '*',
  warning: '#',
};

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * The line with its line break. Control characters in the text are escaped: text from outside must
 * not be able to forge a line.
 */
export function formatLogLine(line: {
  pid: number;
  role: string;
  wallMs: number;
  level: WrittenLevel;
  text: string;
}): string {
  const { pid, role, wallMs, level, text } = line;
  return `${pid}:${role} ${formatLocalTime(wallMs)} ${marks[level]} ${escapeControls(text)}\n`;
}

/** `09 Feb 2026 14:03:07.042` in the zone of the process. */
export function formatLocalTime(wallMs: number): string {
  const time = new Date(wallMs);
  const date = `${pad(time.getDate(), 2)} ${months[time.getMonth()]} ${time.getFullYear()}`;
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => pad(n, 2));
  return `${date} ${clock.join(':')}.${pad(time.getMilliseconds(), 3)}`;
}

function escapeControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}
