/*
 * How a dict lies in memory, shared by the live Dict and by the walk over a frozen one. Linear
 * hashing: with N buckets, 2^L <= N < 2^(L+1), a hash belongs to bucket `hash mod 2^(L+1)` when
 * that is below N, otherwise to `hash mod 2^L`. Growing by one splits bucket N - 2^L; nothing else
 * moves. Must not know what an entry holds, except that its first word is its 32-bit hash.
 *
 *   root (64 bytes)      0 entries   4 buckets (N)   8 overflow buckets   12 directory
 *                       16 the first eleven segments, of 1, 1, 2, 4 ... 512 buckets
 *   directory (4 KiB)    1024 references to directory pages; exists when N > 1024
 *   directory page       1024 references to segments of 1024 buckets (64 KiB) each
 *   bucket (64 bytes)    0 twelve tags (0 = free)   12 twelve references   60 overflow bucket or 0
 *
 * Small segments first let a tiny dict be tiny; constant ones then let a huge one grow and shrink
 * without ever copying its directory. A bucket is one cache line, and a miss mostly ends in it.
 */

export const ROOT_BYTES = 64;
export const ROOT_ENTRIES = 0;
export const ROOT_BUCKETS = 4;
export const ROOT_OVERFLOWS = 8;
export const ROOT_DIRECTORY = 12;
export const ROOT_SEGMENTS = 16;

export const BUCKET_BYTES = 64;
export const BUCKET_SLOTS = 12;
export const BUCKET_REFS = 12;
export const BUCKET_LINK = 60;
/** References count units of 8 bytes. */
export const BUCKET_UNITS = BUCKET_BYTES / 8;

/** Segments whose references stand in the root itself. */
export const SMALL_SEGMENTS = 11;
export const SEGMENT_BUCKETS_MAX = 1024;
export const DIRECTORY_BYTES = 4096;
export const DIRECTORY_FANOUT = DIRECTORY_BYTES / 4;

/** Which segment holds a bucket. */
export function segmentOf(bucket: number): number {
  return bucket < SEGMENT_BUCKETS_MAX ? 32 - Math.clz32(bucket) : 10 + (bucket >>> 10);
}

/** The bucket's place within its segment. */
export function placeInSegment(bucket: number): number {
  if (bucket >= SEGMENT_BUCKETS_MAX) return bucket & (SEGMENT_BUCKETS_MAX - 1);
  return bucket === 0 ? 0 : bucket ^ (1 << (31 - Math.clz32(bucket)));
}

/** Buckets of a segment. */
export function segmentBuckets(segment: number): number {
  if (segment === 0) return 1;
  return segment < SMALL_SEGMENTS ? 1 << (segment - 1) : SEGMENT_BUCKETS_MAX;
}

/** The tag of a hash: its high byte (the low bits say the bucket), never 0. */
export function tagOf(hash: number): number {
  return hash >>> 24 || 1;
}

/** The 32 bits of a hash in reverse order, unsigned: a bucket is one interval of these. */
export function reverseBits(n: number): number {
  n = ((n >>> 1) & 0x55555555) | ((n & 0x55555555) << 1);
  n = ((n >>> 2) & 0x33333333) | ((n & 0x33333333) << 2);
  n = ((n >>> 4) & 0x0f0f0f0f) | ((n & 0x0f0f0f0f) << 4);
  n = ((n >>> 8) & 0x00ff00ff) | ((n & 0x00ff00ff) << 8);
  return ((n >>> 16) | (n << 16)) >>> 0;
}
