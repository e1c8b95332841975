/*
 * What the log says when a replica must have a full resync: Redis's own line for the case, so that
 * its tools read ours, and then one line with the reason's literal name.
 */

import type { Log } from '../observability/log.js';
import type { History, Position } from './history.js';
import type { FullSyncReason } from './psync-decision.js';

export function logRefusal(options: {
  log: Log;
  /** The replica's name. */
  replica: string;
  history: History;
  /** Null for SYNC. */
  request: Position | null;
  reason: FullSyncReason;
}): void {
  const { log, replica, request, reason } = options;
  if (request !== null) log.notice(refusalText({ ...options, request }));
  if (reason === 'offset-ahead') {
    log.warning(
      `Warning: replica ${replica} tried to PSYNC with an offset that is greater than the master ` +
        'replication offset.',
    );
  }
  log.notice(`Full resync with replica ${replica} needed, reason: ${reason}`);
}

function refusalText(options: {
  replica: string;
  history: History;
  request: Position;
  reason: FullSyncReason;
}): string {
  const { replica, history, request, reason } = options;
  const first = request.offset + 1;
  switch (reason) {
    case 'requested':
      return `Full resync requested by replica ${replica}`;
    case 'unknown-replid':
      return (
        `Partial resynchronization not accepted: Replication ID mismatch (Replica asked for ` +
        `'${request.replid}', my replication IDs are '${history.replid}' and ` +
        `'${history.secondReplid}')`
      );
    case 'diverged':
      return (
        `Partial resynchronization not accepted: Requested offset for second ID was ${first}, ` +
        `but I can reply up to ${history.lastOffsetOf(request.replid) + 1}`
      );
    case 'no-backlog':
    case 'offset-too-old':
    case 'offset-ahead':
      return (
        `Unable to partial resync with replica ${replica} for lack of backlog ` +
        `(Replica request was: ${first}).`
      );
  }
}
