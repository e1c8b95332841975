/*
 * System errors in the words of the C library, as Redis's log lines carry them. Node's messages
 * name the call and the path too, which those lines already do.
 */

import { getSystemErrorName } from 'node:util';

const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied',
  EBADF: 'Bad file descriptor',
  EDQUOT: 'Disk quota exceeded',
  EFBIG: 'File too large',
  EINTR: 'Interrupted system call',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENOENT: 'No such file or directory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
};

/** `No space left on device` for an ENOSPC; the message of whatever else was thrown. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, errno } = error as NodeJS.ErrnoException;
  const name = code ?? (errno === undefined ? undefined : getSystemErrorName(errno));
  return (name !== undefined ? TEXTS[name] : undefined) ?? error.message;
}

/** True when the error is the system's `name`, such as 'ENOENT'. */
export function isSystemError(error: unknown, name: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === name;
}
