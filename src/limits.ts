/*
 * Every bound of the server that is not a configuration directive, each with its unit and its
 * reason, and the relations that must hold between them. A queue, buffer, loop or retry without
 * a line here (or a directive) is a bug. Must not know any other room.
 */

import assert from 'node:assert/strict';

/** Bytes read from a socket in one go; one static buffer serves every connection. */
export const READ_BUFFER_BYTES = 64 * 1024;

/** Longest inline request or header line (`*n`, `$n`), in bytes. Redis: PROTO_INLINE_MAX_SIZE. */
export const INLINE_BYTES_MAX = 64 * 1024;

/** Arguments of one request before authentication. Redis: 10. */
export const UNAUTHENTICATED_ARGUMENTS_MAX = 10;

/** Bytes of one bulk argument before authentication. Redis: 16384. */
export const UNAUTHENTICATED_BULK_BYTES_MAX = 16 * 1024;

/** Bytes fed to replicas that may pile up inside one tick before they are sent on. */
export const FEED_FLUSH_BYTES = 1024 * 1024;

/** Former replication ids that a history remembers. */
export const LINEAGE_IDS_MAX = 64;

assert(UNAUTHENTICATED_BULK_BYTES_MAX < INLINE_BYTES_MAX);
