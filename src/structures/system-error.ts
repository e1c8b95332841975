/*
 * The words of the C library for an error of the operating system. Redis shows them in replies,
 * in its log and at start; Node's own texts differ in wording and case, and name the call and the
 * path too, which those lines already do.
 */

import { getSystemErrorMap } from 'node:util';

/** By code; what libuv words otherwise than the C library, and what only a resolver says. */
const texts: ReadonlyMap<string, string> = new Map([
  ...[...getSystemErrorMap().values()].map(
    ([code, text]) => [code, text.charAt(0).toUpperCase() + text.slice(1)] as const,
  ),
  ['EADDRNOTAVAIL', 'Cannot assign requested address'],
  ['EAFNOSUPPORT', 'Address family not supported by protocol'],
  ['EBUSY', 'Device or resource busy'],
  ['EDQUOT', 'Disk quota exceeded'],
  ['EEXIST', 'File exists'],
  ['EHOSTUNREACH', 'No route to host'],
  ['EIO', 'Input/output error'],
  ['EISDIR', 'Is a directory'],
  ['ELOOP', 'Too many levels of symbolic links'],
  ['ENAMETOOLONG', 'File name too long'],
  ['ENFILE', 'Too many open files in system'],
  ['ENOMEM', 'Cannot allocate memory'],
  ['ENOTCONN', 'Transport endpoint is not connected'],
  ['ENOTFOUND', 'Name or service not known'],
  ['ENOTSUP', 'Operation not supported'],
  ['EROFS', 'Read-only file system'],
  ['ESPIPE', 'Illegal seek'],
  ['ETXTBSY', 'Text file busy'],
  ['EXDEV', 'Invalid cross-device link'],
]);

/** `No space left on device` for an ENOSPC; the message of whatever else was thrown. */
export function systemErrorText(error: unknown): string {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  return texts.get(code) ?? message;
}

/** True when the error is the system's `name`, such as 'ENOENT'. */
export function isSystemError(error: unknown, name: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === name;
}
