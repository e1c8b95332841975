/*
 * The directives of the data set: how much memory it may take, what is evicted or expired and when,
 * and up to which size a value is packed into one block.
 */

import { directive } from './directive.js';
import {
  INT32_MAX,
  INT32_MIN,
  INT64_MAX,
  integer,
  memory,
  oneOf,
  UINT64_MAX,
  yesNo,
} from './scalar-types.js';

const MIB = 1024 * 1024;

/** Limits of packed encodings count entries or bytes; all run to 2^63 - 1. */
const entries = integer({ min: 0, max: INT64_MAX });
const bytes = memory({ min: 0, max: INT64_MAX });

export const memoryDirectives = [
  directive('maxmemory', memory({ min: 0, max: UINT64_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'hook',
    prose: 'Bytes that the data set may take. 0: no limit.',
  }),
  directive(
    'maxmemory-policy',
    oneOf([
      'volatile-lru',
      'volatile-lfu',
      'volatile-random',
      'volatile-ttl',
      'allkeys-lru',
      'allkeys-lfu',
      'allkeys-random',
      'noeviction',
    ]),
    {
      initial: 'noeviction',
      mutable: 'yes',
      apply: 'hook',
      gap: 'nothing is evicted, and commands that need memory are refused',
      prose:
        'What goes when maxmemory is reached. This version evicts nothing: whatever the policy,' +
        ' commands that need memory are refused. It decides, though, whether OBJECT answers' +
        ' IDLETIME or FREQ.',
    },
  ),
  directive('maxmemory-samples', integer({ min: 1, max: INT32_MAX }), {
    initial: 5,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Keys that are compared to find one to evict.',
  }),
  directive('maxmemory-eviction-tenacity', integer({ min: 0, max: 100 }), {
    initial: 10,
    mutable: 'yes',
    apply: 'kept',
    prose: 'How long one round of eviction may take: 0 short, 100 as long as it needs.',
  }),
  directive('lfu-log-factor', integer({ min: 0, max: INT32_MAX }), {
    initial: 10,
    mutable: 'yes',
    apply: 'hook',
    prose: 'How slowly the counter of frequent use grows.',
  }),
  directive('lfu-decay-time', integer({ min: 0, max: INT32_MAX }), {
    initial: 1,
    mutable: 'yes',
    apply: 'hook',
    prose: 'Minutes after which that counter goes down by one. 0: at every look.',
  }),
  directive('active-expire-effort', integer({ min: 1, max: 10 }), {
    initial: 1,
    mutable: 'yes',
    apply: 'kept',
    prose: 'How hard Redis looks for keys past their time. Here an index finds them all.',
  }),
  directive('lazyfree-lazy-eviction', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Free evicted values in the background.',
  }),
  directive('lazyfree-lazy-expire', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'read',
    prose: 'Free expired values in the background; they reach replicas as UNLINK, not as DEL.',
  }),
  directive('lazyfree-lazy-server-del', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'read',
    prose: 'Free overwritten values in the background; what RESTORE deletes travels as UNLINK.',
  }),
  directive('lazyfree-lazy-user-del', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Make DEL do what UNLINK does. Both do the same here.',
  }),
  directive('lazyfree-lazy-user-flush', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Make FLUSHALL and FLUSHDB free in the background. Always so here.',
  }),
  directive('activerehashing', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Use idle time to move a growing table on. Growth happens in steps here.',
  }),
  directive('activedefrag', yesNo, {
    initial: false,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Move values together. The allocator here does so by itself, slowly.',
  }),
  directive('active-defrag-cycle-min', integer({ min: 1, max: 99 }), {
    initial: 1,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Least share of CPU for that, in percent.',
  }),
  directive('active-defrag-cycle-max', integer({ min: 1, max: 99 }), {
    initial: 25,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Greatest share of CPU for that, in percent.',
  }),
  directive('active-defrag-threshold-lower', integer({ min: 0, max: 1000 }), {
    initial: 10,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Waste in percent below which nothing is moved.',
  }),
  directive('active-defrag-threshold-upper', integer({ min: 0, max: 1000 }), {
    initial: 100,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Waste in percent at which the greatest share of CPU is used.',
  }),
  directive('active-defrag-ignore-bytes', memory({ min: 1, max: INT64_MAX }), {
    initial: 100 * MIB,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Waste in bytes below which nothing is moved.',
  }),
  directive('active-defrag-max-scan-fields', integer({ min: 1, max: INT64_MAX }), {
    initial: 1000,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Fields up to which a value is moved in one go.',
  }),
  directive('jemalloc-bg-thread', yesNo, {
    initial: true,
    mutable: 'yes',
    apply: 'kept',
    prose: "A thread of Redis's allocator. There is none here.",
  }),
  directive('disable-thp', yesNo, {
    initial: true,
    mutable: 'no',
    apply: 'kept',
    prose: 'Huge pages hurt a server that forks. This one does not fork.',
  }),
  directive('hash-max-listpack-entries', entries, {
    alias: 'hash-max-ziplist-entries',
    initial: 512,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Fields up to which a hash is packed.',
  }),
  directive('hash-max-listpack-value', bytes, {
    alias: 'hash-max-ziplist-value',
    initial: 64,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Bytes of the longest field or value of a packed hash.',
  }),
  directive('list-max-listpack-size', integer({ min: INT32_MIN, max: INT32_MAX }), {
    alias: 'list-max-ziplist-size',
    initial: -2,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Elements in one node of a list, or its size: -1 is 4 KiB, -2 8, -3 16, -4 32, -5 64.',
  }),
  directive('list-compress-depth', integer({ min: 0, max: INT32_MAX }), {
    initial: 0,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Nodes at each end of a list that are not compressed. 0: none is.',
  }),
  directive('set-max-intset-entries', entries, {
    initial: 512,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Members up to which a set of integers is packed.',
  }),
  directive('set-max-listpack-entries', entries, {
    initial: 128,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Members up to which any other set is packed.',
  }),
  directive('set-max-listpack-value', entries, {
    initial: 64,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Bytes of the longest member of such a set.',
  }),
  directive('zset-max-listpack-entries', entries, {
    alias: 'zset-max-ziplist-entries',
    initial: 128,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Members up to which a sorted set is packed.',
  }),
  directive('zset-max-listpack-value', bytes, {
    alias: 'zset-max-ziplist-value',
    initial: 64,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Bytes of the longest member of a packed sorted set.',
  }),
  directive('hll-sparse-max-bytes', bytes, {
    initial: 3000,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Bytes up to which a HyperLogLog stays sparse.',
  }),
  directive('stream-node-max-bytes', bytes, {
    initial: 4096,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Bytes in one node of a stream. 0: no limit.',
  }),
  directive('stream-node-max-entries', entries, {
    initial: 100,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Entries in one node of a stream. 0: no limit.',
  }),
  directive('tracking-table-max-keys', entries, {
    initial: 1000000,
    mutable: 'yes',
    apply: 'kept',
    prose: 'Keys remembered for client-side caching. 0: no limit.',
  }),
] as const;
