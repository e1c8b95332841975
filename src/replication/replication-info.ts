/*
 * INFO's replication section and what ROLE tells, from the parts' state. Field names and their
 * order are Redis's (`role` first: sentinels rely on it); ours follow at the end. Must not change
 * anything.
 */

import type { Link } from './link.js';
import type { LinkState } from './link-machine.js';
import type { Peer, PeerState } from './peer.js';
import type { Primary } from './primary.js';
import type { ReplicationOptions } from './replication-options.js';
import type { StreamLog } from './stream-log.js';

export interface InfoSources {
  readonly options: ReplicationOptions;
  readonly stream: StreamLog;
  readonly primary: Primary;
  readonly link: Link;
  readonly role: 'primary' | 'replica';
  readonly hasPosition: boolean;
  /** Commands of the primary's stream that were unknown or failed since the last full sync. */
  readonly failedStreamCommands: number;
}

/** What ROLE calls the link's state. */
export function roleState(link: Link): string {
  return link.isInHandshake ? 'handshake' : ROLE_STATES[link.state];
}

const ROLE_STATES: Readonly<Record<LinkState, string>> = {
  idle: 'none',
  backingOff: 'connect',
  connecting: 'connecting',
  awaitingPong: 'handshake',
  awaitingAuth: 'handshake',
  awaitingReplconf: 'handshake',
  awaitingPsyncReply: 'handshake',
  receivingSnapshot: 'sync',
  loadingSnapshot: 'sync',
  streaming: 'connected',
};

const PEER_STATES: Readonly<Record<PeerState, string>> = {
  joining: 'online',
  waitingForSnapshot: 'wait_bgsave',
  waitingForPayload: 'wait_bgsave',
  sendingPayload: 'send_bulk',
  awaitingFirstAck: 'online',
  streaming: 'online',
  gone: '',
};

export function peerStateText(peer: Peer): string {
  // In Redis the snapshot of a diskless sync lasts until its last byte has left.
  if (peer.state === 'sendingPayload' && peer.hasMarkedPayload)
    return PEER_STATES.waitingForPayload;
  return PEER_STATES[peer.state];
}

/** `name:value` lines in order, without the section's header. */
export function replicationInfoLines(sources: InfoSources): string[] {
  const { options, primary, role } = sources;
  const { values } = options.config;
  const lines = [`role:${role === 'primary' ? 'master' : 'slave'}`];
  if (role === 'replica') lines.push(...linkLines(sources));
  lines.push(`connected_slaves:${primary.peers.length}`);
  if (values['min-replicas-to-write'] > 0 && values['min-replicas-max-lag'] > 0) {
    lines.push(`min_slaves_good_slaves:${primary.goodReplicas()}`);
  }
  const nowMs = options.clock.monotonicMs();
  primary.peers.forEach((peer, i) => {
    lines.push(
      `slave${i}:ip=${peer.ip},port=${peer.settings.listeningPort},state=${peerStateText(peer)},` +
        `offset=${peer.ackedOffset},lag=${peer.lagSeconds(nowMs)}`,
    );
  });
  lines.push(...historyLines(sources), ...ownLines(sources));
  return lines;
}

function linkLines(sources: InfoSources): string[] {
  const { options, link, stream, hasPosition } = sources;
  const { values } = options.config;
  const nowMs = options.clock.monotonicMs();
  const isUp = link.state === 'streaming';
  const isSyncing = link.state === 'receivingSnapshot' || link.state === 'loadingSnapshot';
  const applied = hasPosition ? stream.history.offset : 1;
  const lines = [
    `master_host:${link.target?.host ?? ''}`,
    `master_port:${link.target?.port ?? 0}`,
    `master_link_status:${isUp ? 'up' : 'down'}`,
    `master_last_io_seconds_ago:${isUp ? seconds(nowMs - link.lastIoMs) : -1}`,
    `master_sync_in_progress:${isSyncing ? 1 : 0}`,
    `slave_read_repl_offset:${hasPosition ? link.readOffset : 1}`,
    `slave_repl_offset:${applied}`,
  ];
  if (isSyncing) {
    const { totalBytes, readBytes } = link.progress;
    const percent = totalBytes > 0 ? (readBytes / totalBytes) * 100 : 0;
    lines.push(
      `master_sync_total_bytes:${totalBytes}`,
      `master_sync_read_bytes:${readBytes}`,
      `master_sync_left_bytes:${totalBytes - readBytes}`,
      `master_sync_perc:${percent.toFixed(2)}`,
      `master_sync_last_io_seconds_ago:${seconds(nowMs - link.lastIoMs)}`,
    );
  }
  if (!isUp) {
    const since = link.downSinceMs === -1 ? -1 : seconds(nowMs - link.downSinceMs);
    lines.push(`master_link_down_since_seconds:${since}`);
  }
  lines.push(
    `slave_priority:${values['replica-priority']}`,
    `slave_read_only:${values['replica-read-only'] ? 1 : 0}`,
    `replica_announced:${values['replica-announced'] ? 1 : 0}`,
  );
  return lines;
}

function historyLines({ options, stream }: InfoSources): string[] {
  const { history, backlog } = stream;
  return [
    'master_failover_state:no-failover',
    `master_replid:${history.replid}`,
    `master_replid2:${history.secondReplid}`,
    `master_repl_offset:${history.offset}`,
    `second_repl_offset:${history.secondOffset}`,
    `repl_backlog_active:${backlog === null ? 0 : 1}`,
    `repl_backlog_size:${options.config.values['repl-backlog-size']}`,
    `repl_backlog_first_byte_offset:${backlog === null ? 0 : backlog.start + 1}`,
    `repl_backlog_histlen:${backlog === null ? 0 : backlog.end - backlog.start}`,
  ];
}

/**
 * Ours: whether our data are all of the primary's. What a promoted replica missed stays missing.
 * Why full syncs were given: see INFO stats.
 */
function ownLines({ role, failedStreamCommands }: InfoSources): string[] {
  if (role === 'primary' && failedStreamCommands === 0) return [];
  return [
    `tandem_data_complete:${failedStreamCommands === 0 ? 'yes' : 'no'}`,
    `tandem_failed_stream_commands:${failedStreamCommands}`,
  ];
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1000));
}
