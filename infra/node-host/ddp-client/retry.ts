const firstWaitsMs = 10;
const quickTries = 2;
const baseMs = 1000;
const growth = 2.2;
const longestMs = 5 * 60_000;
/** A wait is longer or shorter by up to half of this share, so that many clients don't come back in step. */
const fuzz = 0.5;

/** Milliseconds before try number `count` (0 for the first after a loss): Meteor's back-off, 10 ms twice, then 1 s … 5 min. */
export function retryWait(count: number, random = Math.random): number {
  if (count < quickTries) return firstWaitsMs;
  const wait = Math.min(longestMs, baseMs * growth ** count);
  return wait * (random() * fuzz + (1 - fuzz / 2));
}
