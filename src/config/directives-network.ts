/*
 * The directives of the network: where the server listens, and what one client may use. The limits
 * that are not for users to set are in src/limits.ts.
 */

import { directive } from './directive.js';
import { bindAddresses, outputLimits } from './list-types.js';
import {
  fileMode,
  INT32_MAX,
  INT64_MAX,
  integer,
  memory,
  memoryOrPercent,
  path,
  text,
  UINT32_MAX,
  yesNo,
} from './scalar-types.js';

const MIB = 1024 * 1024;

export const networkDirectives = [
  directive('bind', bindAddresses, {
    initial: ['*', '-::*'],
    defaultLine: 'none',
    mutable: 'yes',
    apply: 'hook',
    prose:
      'The addresses to listen on. `*` is every IPv4 address, `::*` every IPv6 address. An' +
      ' address with a `-` in front may be missing on this machine. An empty value listens on' +
      ' none.',
  }),
  directive('port', integer({ min: 0, max: 65535 }), {
    initial: 6379,
    mutable: 'yes',
    apply: 'hook',
    prose: 'The TCP port to listen on. 0 listens on no TCP port.',
  }),
  directive('protected-mode', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'read',
    prose:
      'While the default user has no password, serve only clients of this machine. Turn it off' +
      ' only where a firewall or a private network does the protecting.',
  }),
  directive('tcp-backlog', integer({ min: 0, max: INT32_MAX }), {
    initial: 511,
    mutable: 'no',
    apply: 'start',
    prose:
      'Connections that may wait to be accepted. The kernel cuts it to net.core.somaxconn' +
      ' silently.',
  }),
  directive('bind-source-addr', text(), {
    initial: '',
    mutable: 'yes',
    apply: 'read',
    prose:
      'The local address that connections to a primary come from. Empty: the kernel chooses.' +
      ' While it is not one of ours no connection comes about.',
  }),
  directive('unixsocket', path(), {
    initial: '',
    mutable: 'no',
    apply: 'start',
    prose: 'The path of a unix socket to listen on as well. Empty: none.',
  }),
  directive('unixsocketperm', fileMode, {
    initial: 0,
    mutable: 'no',
    apply: 'start',
    prose: 'The mode of the unix socket, in octal. 0 leaves what the umask gives.',
  }),
  directive('timeout', integer({ min: 0, max: INT32_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'read',
    prose: 'Seconds after which an idle client is disconnected. 0: never.',
  }),
  directive('tcp-keepalive', integer({ min: 0, max: INT32_MAX }), {
    initial: 300,
    mutable: 'yes',
    apply: 'read',
    prose:
      'Seconds of silence after which TCP asks whether a client is still there. It finds dead' +
      ' peers and keeps connections open through routers that forget idle ones. 0: off.',
  }),
  directive('socket-mark-id', integer({ min: 0, max: UINT32_MAX }), {
    initial: 0,
    mutable: 'no',
    apply: 'kept',
    prose: 'A mark on the sockets for packet filters. Node cannot set it.',
  }),
  directive('maxclients', integer({ min: 1, max: UINT32_MAX }), {
    initial: 10000,
    mutable: 'yes',
    apply: 'hook',
    prose:
      'Clients that may be connected at once, replicas included. One more is answered with an' +
      ' error and closed. Lowered at start where the limit of open files leaves less room.',
  }),
  directive('client-query-buffer-limit', memory({ min: MIB, max: INT64_MAX }), {
    initial: 1024 * MIB,
    mutable: 'yes',
    apply: 'read',
    prose: 'Bytes of one request that may gather before it is complete. A longer one is cut off.',
  }),
  directive('proto-max-bulk-len', memory({ min: MIB, max: INT64_MAX }), {
    initial: 512 * MIB,
    mutable: 'yes',
    apply: 'read',
    prose: 'Bytes of the longest single argument, and so of the longest string value.',
  }),
  directive('client-output-buffer-limit', outputLimits, {
    initial: {
      normal: { hardBytes: 0, softBytes: 0, softSeconds: 0 },
      replica: { hardBytes: 256 * MIB, softBytes: 64 * MIB, softSeconds: 60 },
      pubsub: { hardBytes: 32 * MIB, softBytes: 8 * MIB, softSeconds: 60 },
    },
    mutable: 'yes',
    apply: 'read',
    prose:
      'For each class of clients (normal, replica, pubsub): a client is closed when its waiting' +
      ' replies reach the first size, or stay above the second for that many seconds. 0: no' +
      ' limit. A hard limit for replicas below repl-backlog-size counts as that size.',
  }),
  directive('maxmemory-clients', memoryOrPercent, {
    initial: { bytes: 0, percent: 0 },
    mutable: 'yes',
    apply: 'kept',
    prose: 'Bytes, or a share of maxmemory, that all clients may use together. 0: no limit.',
  }),
] as const;
