/*
 * Bytes sent and bytes expected: how a server answers what is not quite a request. One table for
 * two servers, a real redis-server and ours; each case is sent on a connection of its own, whole
 * and then byte by byte. Replies are compared as bytes, since the words are part of the protocol.
 */

export interface ProtocolCase {
  readonly name: string;
  /** latin1. */
  readonly sent: string;
  /** latin1; all that comes, after which nothing more does. */
  readonly expected: string;
  /** Whether the server closes the connection by itself. */
  readonly closes: boolean;
  /** Sent to a server with a password, without AUTH before. */
  readonly needsPassword?: boolean;
  /** Too much to send byte by byte. */
  readonly isLong?: boolean;
}

function protocolError(text: string): string {
  return `-ERR Protocol error: ${text}\r\n`;
}

function refused(name: string, sent: string, error: string): ProtocolCase {
  return { name, sent, expected: protocolError(error), closes: true };
}

function answered(name: string, sent: string, expected: string): ProtocolCase {
  return { name, sent, expected, closes: false };
}

const ECHO = '*2\r\n$4\r\nECHO\r\n';
const LINE = 64 * 1024;

export const protocolCases: readonly ProtocolCase[] = [
  answered('multibulk', '*1\r\n$4\r\nPING\r\n', '+PONG\r\n'),
  answered('multibulk in lower case', '*1\r\n$4\r\nping\r\n', '+PONG\r\n'),
  answered('a pipeline of both kinds', 'PING\r\n*1\r\n$4\r\nPING\r\nPING\n', '+PONG\r\n'.repeat(3)),
  answered('binary argument', `${ECHO}$4\r\n\0\r\n\xff\r\n`, '$4\r\n\0\r\n\xff\r\n'),
  answered('empty argument', `${ECHO}$0\r\n\r\n`, '$0\r\n\r\n'),
  answered('empty lines', '\r\n\n\r\nPING\r\n', '+PONG\r\n'),
  answered('a line of blanks', ' \t \r\nPING\r\n', '+PONG\r\n'),
  answered('*0', '*0\r\nPING\r\n', '+PONG\r\n'),
  answered('*-1', '*-1\r\nPING\r\n', '+PONG\r\n'),
  answered('*-10', '*-10\r\nPING\r\n', '+PONG\r\n'),
  answered(
    'anything for the two bytes after a bulk',
    `${ECHO}$1\r\naXYPING\r\n`,
    '$1\r\na\r\n+PONG\r\n',
  ),
  answered('anything for a line feed', '*1\rX$4\rYPING\r\n', '+PONG\r\n'),
  answered('a zero byte before the end of a line', 'PI\0NG\r\nPING\r\n', ''),
  answered('a zero byte before a length', '*1\r\n\x004\r\nPING\r\n', ''),
  answered('a zero byte in a count', '*1\0\r\nPING\r\n', ''),
  answered('a length that never comes', '*1\r\n$4', ''),
  answered('a wrong lead byte without the end of its line', '*1\r\nx', ''),
  answered('inline quotes', 'ECHO "a b"\r\n', '$3\r\na b\r\n'),
  answered(
    'inline escapes',
    'ECHO "\\x41\\n\\r\\t\\b\\a\\\\\\"\\z"\r\n',
    '$9\r\nA\n\r\t\b\x07\\"z\r\n',
  ),
  answered('inline half escapes', 'ECHO "\\xg1\\x4"\r\n', '$5\r\nxg1x4\r\n'),
  answered('inline single quotes', "ECHO 'a\\n\\'b'\r\n", "$5\r\na\\n'b\r\n"),
  answered('inline quotes in a word', 'ECHO a"b c"\r\n', '$4\r\nab c\r\n'),
  answered('inline empty quotes', 'ECHO ""\r\n', '$0\r\n\r\n'),
  answered('inline vertical tab in a word', 'ECHO a\vb\f\r\n', '$4\r\na\vb\f\r\n'),
  answered('inline vertical tab between words', 'ECHO \v\fa\r\n', '$1\r\na\r\n'),
  answered(
    'inline carriage return within',
    'ECHO a\rb\r\n',
    "-ERR wrong number of arguments for 'echo' command\r\n",
  ),
  refused('open double quote', 'ECHO "a\r\n', 'unbalanced quotes in request'),
  refused('open single quote', "ECHO 'a\r\n", 'unbalanced quotes in request'),
  refused('quote closed within a word', 'ECHO "a"b\r\n', 'unbalanced quotes in request'),
  refused('count: no number', '*x\r\n', 'invalid multibulk length'),
  refused('count: nothing', '*\r\n', 'invalid multibulk length'),
  refused('count: leading zero', '*01\r\n', 'invalid multibulk length'),
  refused('count: plus', '*+1\r\n', 'invalid multibulk length'),
  refused('count: blank', '* 1\r\n', 'invalid multibulk length'),
  refused('count: beyond 31 bits', '*2147483648\r\n', 'invalid multibulk length'),
  refused('count: beyond 64 bits', '*99999999999999999999\r\n', 'invalid multibulk length'),
  refused('length: no number', '*1\r\n$x\r\n', 'invalid bulk length'),
  refused('length: nothing', '*1\r\n$\r\n', 'invalid bulk length'),
  refused('length: negative', '*1\r\n$-1\r\n', 'invalid bulk length'),
  refused('length: leading zero', '*1\r\n$04\r\n', 'invalid bulk length'),
  refused('length: beyond proto-max-bulk-len', '*1\r\n$536870913\r\n', 'invalid bulk length'),
  refused('length: beyond 64 bits', '*1\r\n$99999999999999999999\r\n', 'invalid bulk length'),
  refused('lead byte: a letter', '*1\r\nPING\r\n', "expected '$', got 'P'"),
  refused('lead byte: another count', '*1\r\n*1\r\n', "expected '$', got '*'"),
  refused('lead byte: a carriage return', '*1\r\n\r\n', "expected '$', got ' '"),
  { ...refused('inline: too long', 'a'.repeat(LINE + 1), 'too big inline request'), isLong: true },
  {
    ...refused('count: too long a line', `*${'1'.repeat(LINE)}`, 'too big mbulk count string'),
    isLong: true,
  },
  {
    ...refused(
      'length: too long a line',
      `*1\r\n$${'1'.repeat(LINE)}`,
      'too big bulk count string',
    ),
    isLong: true,
  },
  {
    name: 'replies before an error, none after it',
    sent: 'PING\r\n*1\r\nx\r\nPING\r\n',
    expected: `+PONG\r\n${protocolError("expected '$', got 'x'")}`,
    closes: true,
  },
  {
    ...refused('before AUTH: 11 arguments', '*11\r\n', 'unauthenticated multibulk length'),
    needsPassword: true,
  },
  {
    ...refused(
      'before AUTH: 16385 bytes',
      '*2\r\n$4\r\nAUTH\r\n$16385\r\n',
      'unauthenticated bulk length',
    ),
    needsPassword: true,
  },
  {
    ...answered(
      'before AUTH: ten arguments',
      `*10\r\n${'$4\r\nPING\r\n'.repeat(10)}`,
      '-NOAUTH Authentication required.\r\n',
    ),
    needsPassword: true,
  },
  { name: 'POST', sent: 'POST / HTTP/1.1\r\nHost: x\r\n\r\n', expected: '', closes: true },
  { name: 'Host:', sent: 'Host: x\r\n', expected: '', closes: true },
  { name: 'QUIT', sent: 'QUIT\r\nPING\r\n', expected: '+OK\r\n', closes: true },
];
