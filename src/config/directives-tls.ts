/*
 * The directives of TLS. This version speaks no TLS: files and options are accepted so that shared
 * configurations load, but what would turn TLS on is refused. Ignoring it would serve in the clear.
 */

import { directive } from './directive.js';
import { INT32_MAX, integer, oneOf, path, text, yesNo } from './scalar-types.js';

const UNSUPPORTED = 'TLS is not supported by this version';

const refuseTls = (value: boolean | number) => (value ? UNSUPPORTED : null);

/** A file or option that is kept until TLS is there. */
const kept = { initial: '', mutable: 'yes', apply: 'kept' } as const;

export const tlsDirectives = [
  directive('tls-port', integer({ min: 0, max: 65535 }), {
    initial: 0,
    mutable: 'yes',
    apply: 'kept',
    refuse: refuseTls,
    prose: 'The TCP port for TLS connections. 0: none; nothing else is accepted yet.',
  }),
  directive('tls-replication', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    refuse: refuseTls,
    prose: 'Use TLS on the link to the primary. Only no is accepted yet.',
  }),
  directive('tls-cluster', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    refuse: refuseTls,
    prose: 'Use TLS on the cluster bus. Only no is accepted yet.',
  }),
  directive('tls-auth-clients', oneOf(['no', 'yes', 'optional']), {
    initial: 'yes',
    mutable: 'yes',
    apply: 'kept',
    prose: 'Whether clients must show a certificate.',
  }),
  directive('tls-cert-file', path(), { ...kept, prose: 'The certificate to show.' }),
  directive('tls-key-file', path(), { ...kept, prose: 'Its private key.' }),
  directive('tls-key-file-pass', text(), {
    ...kept,
    isSensitive: true,
    prose: 'The passphrase of that key.',
  }),
  directive('tls-client-cert-file', path(), {
    ...kept,
    prose: 'The certificate to show as a client of another server.',
  }),
  directive('tls-client-key-file', path(), { ...kept, prose: 'Its private key.' }),
  directive('tls-client-key-file-pass', text(), {
    ...kept,
    isSensitive: true,
    prose: 'The passphrase of that key.',
  }),
  directive('tls-dh-params-file', path(), {
    ...kept,
    prose: 'Parameters of a Diffie-Hellman exchange, for old OpenSSL.',
  }),
  directive('tls-ca-cert-file', path(), {
    ...kept,
    prose: 'A file of the authorities whose certificates are trusted.',
  }),
  directive('tls-ca-cert-dir', path(), { ...kept, prose: 'A folder of such authorities.' }),
  directive('tls-protocols', text(), { ...kept, prose: 'TLS versions to accept.' }),
  directive('tls-ciphers', text(), { ...kept, prose: 'Ciphers up to TLS 1.2.' }),
  directive('tls-ciphersuites', text(), { ...kept, prose: 'Ciphersuites of TLS 1.3.' }),
  directive('tls-prefer-server-ciphers', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Choose the cipher by our order of preference, not by that of the client.',
  }),
  directive('tls-session-caching', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Let clients resume a TLS session.',
  }),
  directive('tls-session-cache-size', integer({ min: 0, max: INT32_MAX }), {
    initial: 20480,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Sessions that are remembered for it.',
  }),
  directive('tls-session-cache-timeout', integer({ min: 0, max: INT32_MAX }), {
    initial: 300,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Seconds for which they are remembered.',
  }),
] as const;
