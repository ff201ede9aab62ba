/** Milliseconds since 1970 with fractions: what a task of a tenth of a millisecond took can still be said. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
