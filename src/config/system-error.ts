/*
 * The words of the C library for an error of the operating system. Redis shows them in replies,
 * logs and at start; Node's own texts differ in wording and case.
 */

import { getSystemErrorMap } from 'node:util';

/** Where libuv's words are not those of the C library with a small first letter. */
const words: Readonly<Record<string, string>> = {
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  ENAMETOOLONG: 'File name too long',
  EROFS: 'Read-only file system',
  EMFILE: 'Too many open files',
  ENFILE: 'Too many open files in system',
  EIO: 'Input/output error',
  ENXIO: 'No such device or address',
};

/** `No such file or directory` and the like; the error's own message where it has no code. */
export function describeSystemError(error: unknown): string {
  const { code = '', errno, message = String(error) } = error as NodeJS.ErrnoException;
  const known = words[code];
  if (known !== undefined) return known;
  const entry = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  if (entry === undefined) return message;
  return entry[1].charAt(0).toUpperCase() + entry[1].slice(1);
}
