/*
 * The directives of Redis Cluster, which is not there: they are accepted so that shared
 * configurations load and tools can read them, but cluster mode itself is refused.
 */

import { directive } from './directive.js';
import {
  INT32_MAX,
  INT64_MAX,
  integer,
  memory,
  oneOf,
  path,
  text,
  UINT64_MAX,
  yesNo,
} from './scalar-types.js';

const port = integer({ min: 0, max: 65535 });

/** Rows without an effect of their own. */
const flag = { mutable: 'yes', apply: 'kept' } as const;
const number = { mutable: 'yes', apply: 'kept' } as const;

export const clusterDirectives = [
  directive('cluster-enabled', yesNo, {
    initial: false,
    mutable: 'no',
    apply: 'kept',
    refuse: (value) => (value ? 'cluster mode is not supported by this version' : null),
    prose: 'Be a node of a cluster. Only no is accepted.',
  }),
  directive('cluster-config-file', path(), {
    initial: 'nodes.conf',
    mutable: 'no',
    apply: 'kept',
    prose: "A node's own file.",
  }),
  directive('cluster-node-timeout', integer({ min: 0, max: INT64_MAX }), {
    ...number,
    initial: 15000,
    prose: 'Milliseconds of silence after which a node counts as failing.',
  }),
  directive('cluster-ping-interval', integer({ min: 0, max: INT64_MAX }), {
    ...number,
    initial: 0,
    isHidden: true,
    prose: 'Milliseconds between pings. For tests.',
  }),
  directive('cluster-port', port, {
    initial: 0,
    mutable: 'no',
    apply: 'kept',
    prose: 'The port of the cluster bus. 0: port + 10000.',
  }),
  directive('cluster-announce-ip', text(), {
    ...flag,
    initial: '',
    prose: 'The address told to other nodes.',
  }),
  directive('cluster-announce-hostname', text(refuseHostname), {
    ...flag,
    initial: '',
    prose: 'The host name told to other nodes.',
  }),
  directive('cluster-announce-human-nodename', text(refuseNodeName), {
    ...flag,
    initial: '',
    prose: 'The name shown in logs of other nodes.',
  }),
  directive('cluster-announce-port', port, {
    ...number,
    initial: 0,
    prose: 'The port told to other nodes.',
  }),
  directive('cluster-announce-tls-port', port, {
    ...number,
    initial: 0,
    prose: 'The TLS port told to other nodes.',
  }),
  directive('cluster-announce-bus-port', port, {
    ...number,
    initial: 0,
    prose: 'The port of the cluster bus told to other nodes.',
  }),
  directive('cluster-preferred-endpoint-type', oneOf(['ip', 'hostname', 'unknown-endpoint']), {
    initial: 'ip',
    mutable: 'yes',
    apply: 'kept',
    prose: 'What clients are redirected to.',
  }),
  directive('cluster-require-full-coverage', yesNo, {
    ...flag,
    initial: true,
    prose: 'Refuse all requests while a slot has no node.',
  }),
  directive('cluster-allow-reads-when-down', yesNo, {
    ...flag,
    initial: false,
    prose: 'Answer reads while the cluster is down.',
  }),
  directive('cluster-allow-pubsubshard-when-down', yesNo, {
    ...flag,
    initial: true,
    prose: 'Serve sharded channels while the cluster is down.',
  }),
  directive('cluster-allow-replica-migration', yesNo, {
    ...flag,
    initial: true,
    prose: 'Let a spare replica move to a primary that has none.',
  }),
  directive('cluster-migration-barrier', integer({ min: 0, max: INT32_MAX }), {
    ...number,
    initial: 1,
    prose: 'Replicas that a primary keeps when one moves.',
  }),
  directive('cluster-replica-no-failover', yesNo, {
    ...flag,
    alias: 'cluster-slave-no-failover',
    initial: false,
    prose: 'Never take over from the primary.',
  }),
  directive('cluster-replica-validity-factor', integer({ min: 0, max: INT32_MAX }), {
    ...number,
    alias: 'cluster-slave-validity-factor',
    initial: 10,
    prose: 'How old the data of a replica may be when it takes over.',
  }),
  directive('cluster-link-sendbuf-limit', memory({ min: 0, max: UINT64_MAX }), {
    ...number,
    initial: 0,
    prose: 'Bytes that may wait for one node. 0: no limit.',
  }),
] as const;

function refuseHostname(name: string): string | null {
  if (name.length >= 256) return 'Hostnames must be less than 256 characters';
  if (/^[A-Za-z0-9.-]*$/.test(name)) return null;
  return 'Hostnames may only contain alphanumeric characters, hyphens or dots';
}

function refuseNodeName(name: string): string | null {
  if (!/[!#$%&()*+:;<>?@[\]^{|}~]/.test(name)) return null;
  return 'Announced human node name contained invalid character';
}
