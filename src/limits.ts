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

/** Keys of one database with an expiry that a replica's own clients set; further ones are hidden in
 * their time, but stay until they are written to. A hash each. */
export const OWN_EXPIRIES_MAX = 1_000_000;

/** Keys that all clients together may WATCH: a few hundred bytes of JavaScript's heap each, and a
 * full heap would be the end of the server. */
export const WATCHES_MAX = 500_000;

/** Longest argument that is made a string of, in bytes. Whatever is read as a string (names, words,
 * numbers, values of directives) is short; what is longer is cut, and so is no word any more. A
 * string of 512 MB cannot be made at all. */
export const TEXT_BYTES_MAX = 1024 * 1024;

/** Bytes fed to replicas that may pile up inside one tick before they are sent on. */
export const FEED_FLUSH_BYTES = 1024 * 1024;

/** Largest command that the feed encodes without an allocation, in bytes. */
export const FEED_SCRATCH_BYTES = 16 * 1024;

/** Former replication ids that a history remembers. */
export const LINEAGE_IDS_MAX = 64;

/** Blocks that make up a backlog of repl-backlog-size: one of them is what it may hold too much. */
export const BACKLOG_BLOCKS_PER_SIZE = 16;

/** Smallest and largest block of the backlog, in bytes: small enough to be given back in pieces,
 * large enough that a write of one is worth its system call. */
export const BACKLOG_BLOCK_BYTES_MIN = 16 * 1024;
export const BACKLOG_BLOCK_BYTES_MAX = 256 * 1024;

/** Emptied backlog blocks kept for the next append; more would pin the memory of a past peak. */
export const BACKLOG_SPARE_BLOCKS_MAX = 2;

/** Backlog blocks that leave in one step, so that the end of a slow replica stops nobody: each
 * costs well below a microsecond. */
export const BACKLOG_TRIM_BLOCKS = 256;

/**
 * Most bytes of the stream handed to one replica's socket and not yet taken by the kernel. The rest
 * waits in the backlog, where all replicas share it.
 */
export const PEER_IN_FLIGHT_BYTES = 1024 * 1024;

/** Bytes of a full sync's payload read from the spool in one go, for each replica. */
export const PAYLOAD_CHUNK_BYTES = 256 * 1024;

/** Longest line of the replication handshake, in bytes: an error text at most. */
export const HANDSHAKE_LINE_BYTES_MAX = 4 * 1024;

/** Bytes of a snapshot received and not yet written to disk; beyond it the socket is not read. */
export const SNAPSHOT_UNWRITTEN_BYTES_MAX = 8 * 1024 * 1024;

/** How often replication looks at its clocks, in ms: time-outs, ACKs, retries, delayed syncs. */
export const REPLICATION_TICK_MS = 100;

/** Pause before each further attempt to reach a primary that is not there, ± the jitter, in ms. */
export const LINK_RETRY_MS = 1000;
export const LINK_RETRY_JITTER = 0.2;

/** Pauses after a sync that had begun and failed, in ms: doubled each time, up to the second. */
export const LINK_BACKOFF_FIRST_MS = 250;
export const LINK_BACKOFF_MAX_MS = 30_000;

/** Streaming this long (or one command applied) proves a sync good, in ms: back-off starts anew. */
export const LINK_PROVEN_MS = 1000;

/** How often a replica tells its primary how far it is, in ms. Redis: each second. */
export const ACK_PERIOD_MS = 1000;

assert(UNAUTHENTICATED_BULK_BYTES_MAX < INLINE_BYTES_MAX);
assert(BACKLOG_BLOCK_BYTES_MAX <= PEER_IN_FLIGHT_BYTES);

/** Bytes of the longest string, whatever proto-max-bulk-len says, in memory and in an RDB: with its
 * header and room to spare, a block. */
export const STRING_BYTES_MAX = 1022 * 1024 * 1024;

/**
 * Uncompressed strings of an RDB from this size on go into the keyspace piece by piece, in bytes.
 */
export const RDB_PIECE_BYTES_MIN = 1024 * 1024;

/** Read buffer of the RDB reader between large entries, in bytes: two chunks of a file. */
export const RDB_READ_BUFFER_KEPT_BYTES = 512 * 1024;

/** Arguments of one request. Redis: INT_MAX; ours keeps their ranges within 512 MiB. */
export const ARGUMENTS_MAX = 64 * 1024 * 1024;

/** Bytes of one request as a whole: its ranges are 31-bit positions in one buffer. */
export const REQUEST_BYTES_MAX = 2 ** 31 - 1 - READ_BUFFER_BYTES;

/** Memory set aside on the word of a peer alone for a bulk that it has announced, in bytes. Beyond
 * it a buffer is at most INPUT_GROWTH_FACTOR times as large as what has arrived. */
export const ANNOUNCED_BYTES_TRUSTED = 256 * 1024;
export const INPUT_GROWTH_FACTOR = 8;

/** Input buffers kept for the next connection whose request arrives in pieces, and their size. */
export const SPARE_INPUT_BUFFERS_MAX = 4;
export const SPARE_INPUT_BUFFER_BYTES = 2 * READ_BUFFER_BYTES;

/** Bytes that may wait for a client which is blocked, or from a primary while a pause lasts, before
 * the socket is no longer read. */
export const SUSPENDED_INPUT_BYTES_MAX = 1024 * 1024;

/**
 * One client's share of a turn of the event loop: bytes of requests executed, and ms of work,
 * looked at every so many requests. Then the others have their turn.
 */
export const TURN_BYTES_MAX = READ_BUFFER_BYTES;
export const TURN_MS_MAX = 5;
export const TURN_CLOCK_REQUESTS = 8;

/**
 * Bytes of the buffer in which replies are written; it goes to the socket when full. A value of
 * 64 KiB and what stands around it leave with one write.
 */
export const REPLY_BUFFER_BYTES = 65 * 1024;

/** Spare reply buffers, for when a socket has kept one. */
export const SPARE_REPLY_BUFFERS_MAX = 8;

/** Longest replies of a batch that wait for the end of the turn, and room for those of all clients,
 * in bytes. What does not fit leaves at once. */
export const TURN_REPLY_BYTES_MAX = 16 * 1024;
export const TURN_REPLIES_BYTES = 1024 * 1024;

/** Size of a chunk of replies that wait for a slow reader, in bytes. Redis: 16 KB. */
export const OUTPUT_CHUNK_BYTES = 16 * 1024;

/**
 * Strings from this size on that the reply buffer has no room for are sent from where they lie, in
 * bytes: a gathering write costs less than the copy and one more write.
 */
export const PINNED_REPLY_BYTES_MIN = 32 * 1024;

/**
 * Bytes handed to the kernel in one gathering write, and chunks in it. A value of 1 MiB and what
 * stands around it leave together; then others have their turn.
 */
export const GATHERED_BYTES_MAX = 1024 * 1024 + 4 * 1024;
export const GATHERED_CHUNKS_MAX = 64;

/**
 * Bytes of replies that may wait for one client where client-output-buffer-limit sets no limit
 * (Redis then knows none). Equal to the default of client-query-buffer-limit, the other direction.
 */
export const UNLIMITED_OUTPUT_BYTES_MAX = 1024 * 1024 * 1024;

/** Longest line that a monitor is shown, in bytes; the rest of a longer one is left out. It is made
 * before the limit of the monitor's output can look at it. */
export const MONITOR_LINE_BYTES_MAX = 64 * 1024 * 1024;

/** How long a connection that is being closed may take to read its last replies, in ms. */
export const CLOSING_MS_MAX = 60_000;

/** How often idle, closing and overfull connections are looked for, in ms. */
export const SESSION_SWEEP_MS = 1000;

/**
 * Longest string that a snapshot compresses, in bytes: LZF's result must lie in memory whole before
 * its length can be written. Longer ones are written as they are, in pieces.
 */
export const RDB_COMPRESS_BYTES_MAX = 16 * 1024 * 1024;

/** Bytes that a snapshot gathers for one write. */
export const SNAPSHOT_CHUNK_BYTES = 1024 * 1024;

/** Bytes written between two fdatasyncs of a snapshot (rdb-save-incremental-fsync). Redis: 4 MB. */
export const SNAPSHOT_SYNC_BYTES = 4 * 1024 * 1024;

/** Keys between two looks of the snapshot worker at whether it is to give up. */
export const SNAPSHOT_PERIOD_KEYS = 1024;

/** Seconds after a failed save before save points or BGSAVE SCHEDULE start the next. Redis: 5. */
export const SAVE_RETRY_SECONDS = 5;

/** Bytes read from a file in one go while loading. */
export const LOAD_CHUNK_BYTES = 256 * 1024;

assert(LOAD_CHUNK_BYTES <= RDB_READ_BUFFER_KEPT_BYTES);

/** Longest stretch of loading between two turns of the event loop, in ms. */
export const LOAD_SLICE_MS = 5;

/** Keys loaded between two looks at the clock. */
export const LOAD_DEADLINE_PERIOD_KEYS = 128;

/**
 * Files that one configuration may include, nested ones counted: more is a file including itself.
 */
export const CONFIG_INCLUDES_MAX = 1000;

/** Descriptors that clients leave to files, the snapshot's worker, the link and the loop itself. */
export const RESERVED_DESCRIPTORS = 64;

/** Milliseconds between two looks whether the log file was renamed away. */
export const LOG_ROTATION_CHECK_MS = 1000;

/** Shadow pages that idle ticks have ready for the writes under a frozen view, in pages of 4 KiB:
 * the system takes microseconds to provide one, and no write should pay for it. */
export const SHADOW_SPARE_PAGES = 1024;

/** Memory held from the system that may lie unused, in bytes, beside a share of what is used:
 * below it giving back is not worth the moving. */
export const EVACUATION_SLACK_BYTES = 8 * 1024 * 1024;

/** Arenas (64 MiB each) emptied at the same time: nothing is allocated in them meanwhile. */
export const EVACUATION_ARENAS_MAX = 8;

/** How often sparse arenas are looked for, in ms. */
export const EVACUATION_PLAN_PERIOD_MS = 1000;

/** How long an arena may take to become empty before it is used again, and then rests, in ms. */
export const EVACUATION_PATIENCE_MS = 30_000;
export const EVACUATION_REST_MS = 300_000;

/** Pause before arenas that could not be emptied are walked again, in ms: a walk of all of them
 * that moves nothing takes some ms. */
export const EVACUATION_RETRY_MS = 100;

/** Pause between two garbage collections that give memory back, in ms: each stops the server for
 * some milliseconds. */
export const GARBAGE_COLLECT_PERIOD_MS = 1000;

/** Shadow memory that stays for the next frozen view, in bytes, and how long the rest of it does
 * after a view, in ms: a new page costs more than the copy into it. */
export const SHADOW_KEPT_BYTES = 4 * 1024 * 1024;
export const SHADOW_KEPT_MS = 10_000;

/**
 * Bulks from this size on are read straight into the block of the value, in bytes. Redis too treats
 * them apart from here on (PROTO_MBULK_BIG_ARG).
 */
export const LARGE_BULK_BYTES_MIN = 32 * 1024;

/**
 * A block of up to this size is set apart as soon as the bulk is announced; for a larger one at
 * least one byte in so many must have come, in bytes. Fresh pages cost nothing until they are
 * written.
 */
export const LARGE_VALUE_TRUSTED_BYTES = 4 * 1024 * 1024;
export const LARGE_VALUE_TRUST_FACTOR = 64;

/** How long a client keeps the block of a bulk of which nothing has come, in ms. After so long
 * Redis shrinks an idle client's query buffer. */
export const EMPTY_BLOCK_MS_MAX = 2000;

/**
 * Bytes of the blocks of all values that are still arriving; beyond it, bulks are collected like
 * any other bytes. Four of the longest that proto-max-bulk-len allows by default.
 */
export const LARGE_VALUES_BYTES_MAX = 2 * 1024 * 1024 * 1024;

/** Bytes read from a socket in one go straight into a block; small enough to give way to others. */
export const LARGE_READ_BYTES = 256 * 1024;

assert(LARGE_BULK_BYTES_MIN > UNAUTHENTICATED_BULK_BYTES_MAX);
assert(LARGE_READ_BYTES >= READ_BUFFER_BYTES);

/** What a subscription to a channel or pattern costs beside its name, in bytes: its places in two
 * tables, at worst a name and a list of subscribers of its own. Measured roughly. */
export const SUBSCRIPTION_BYTES = 512;

/** What the subscriptions of all clients may take of JavaScript's heap, in bytes: a million of
 * them, and a full heap would be the end of the server. */
export const SUBSCRIPTIONS_BYTES_MAX = 512 * 1024 * 1024;

/** What the entries of the slow log may take of JavaScript's heap, in bytes, whatever
 * slowlog-max-len says: ten thousand of the largest, and many more of usual ones. */
export const SLOW_LOG_BYTES_MAX = 64 * 1024 * 1024;

/** Times from here on are always looked at again, in µs: so the threshold that every command's time
 * is compared with is a small integer, which lies on no heap. */
export const SLOW_FILTER_MICROSECONDS_MAX = 2 ** 30 - 1;

/** One part of a crash report, in characters, and the clients that it lists: what describes the end
 * of a server must not fill its disk. */
export const CRASH_SECTION_BYTES_MAX = 1024 * 1024;
export const CRASH_CLIENTS_MAX = 1000;

/** Lines of a picture of LOLWUT; its options alone would allow a hundred thousand. */
export const LOLWUT_LINES_MAX = 1000;
