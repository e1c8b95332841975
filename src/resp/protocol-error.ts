/*
 * What can be wrong with the bytes of a request, in Redis's words. A protocol error is answered
 * with its reply and ends the connection; the log calls some of them by another name than the reply
 * does.
 */

export interface ProtocolError {
  /** The reply, with its prefix word. Clients and tests match on it. */
  readonly reply: string;
  /** What the log says in `Protocol error (…) from client: …`. */
  readonly logged: string;
}

function protocolError(text: string, logged: string): ProtocolError {
  return { reply: `ERR Protocol error: ${text}`, logged };
}

export const UNBALANCED_QUOTES = protocolError(
  'unbalanced quotes in request',
  'unbalanced quotes in inline request',
);
export const INLINE_TOO_LONG = protocolError('too big inline request', 'too big inline request');
export const COUNT_TOO_LONG = protocolError(
  'too big mbulk count string',
  'too big mbulk count string',
);
export const INVALID_COUNT = protocolError('invalid multibulk length', 'invalid mbulk count');
export const UNAUTHENTICATED_COUNT = protocolError(
  'unauthenticated multibulk length',
  'unauth mbulk count',
);
export const LENGTH_TOO_LONG = protocolError(
  'too big bulk count string',
  'too big bulk count string',
);
export const INVALID_LENGTH = protocolError('invalid bulk length', 'invalid bulk length');
export const UNAUTHENTICATED_LENGTH = protocolError(
  'unauthenticated bulk length',
  'unauth bulk length',
);

/** A bulk does not begin with `$` but with this byte. */
export function expectedDollar(byte: number): ProtocolError {
  return protocolError(
    `expected '$', got '${String.fromCharCode(byte)}'`,
    'expected $ but got something else',
  );
}
