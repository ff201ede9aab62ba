/** How many durations fell into which bucket: only those that were hit are there. */
export type Histogram = Record<string, number>;

/** Buckets grow by a fourth root of two: what is read from them is wrong by less than a tenth. */
const perDoubling = 4;
/** The last one takes all that is longer than 24 days. */
const lastBucket = 31 * perDoubling;

/** The bucket of a duration in milliseconds: 0 up to 1 ms, then each reaches a fifth further than the one before. */
export function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(lastBucket, Math.ceil(Math.log2(ms) * perDoubling));
}

/** The longest duration that a bucket takes, in milliseconds. */
export function endOfBucket(bucket: number): number {
  return 2 ** (bucket / perDoubling);
}

/** Adds the durations of one to the other. */
export function addHistogram(to: Histogram, from: Histogram): void {
  for (const [bucket, count] of Object.entries(from)) to[bucket] = (to[bucket] ?? 0) + count;
}

/**
 * The duration that a share of all (0.95: of 95 in a hundred) did not exceed, in milliseconds, within a tenth; undefined
 * where there are none.
 */
export function percentile(histogram: Histogram, share: number): number | undefined {
  const buckets = Object.entries(histogram).map(([bucket, count]) => [Number(bucket), count] as const);
  buckets.sort(([a], [b]) => a - b);
  const wanted = share * buckets.reduce((sum, [, count]) => sum + count, 0);
  let before = 0;
  for (const [bucket, count] of buckets) {
    if (count > 0 && before + count >= wanted) return within(bucket, (wanted - before) / count);
    before += count;
  }
  return undefined;
}

/** Inside of a bucket durations are taken to be spread evenly. */
function within(bucket: number, share: number): number {
  const from = bucket === 0 ? 0 : endOfBucket(bucket - 1);
  return from + Math.max(0, share) * (endOfBucket(bucket) - from);
}
