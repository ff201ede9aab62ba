/** When a worker is replaced by a fresh one, between tasks. 0 means never for that reason. */
export interface RecycleLimits {
  tasks: number;
  ageMs: number;
  rssBytes: number;
}

export const defaultRecycleLimits: RecycleLimits = {
  tasks: 100_000,
  ageMs: 24 * 60 * 60 * 1_000,
  rssBytes: 1024 * 1024 * 1024,
};

/** Says why a worker has served long enough; undefined while it hasn't. */
export function whyRecycle(
  { finished, ageMs, rss }: { finished: number; ageMs: number; rss: number },
  limits: RecycleLimits,
): string | undefined {
  if (limits.tasks > 0 && finished >= limits.tasks) return `it has run ${finished} tasks (limit ${limits.tasks})`;
  if (limits.rssBytes > 0 && rss > limits.rssBytes)
    return `it holds ${megabytes(rss)} of memory (limit ${megabytes(limits.rssBytes)})`;
  if (limits.ageMs > 0 && ageMs >= limits.ageMs) return `it is ${ageMs} ms old (limit ${limits.ageMs} ms)`;
  return undefined;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MB`;
}
