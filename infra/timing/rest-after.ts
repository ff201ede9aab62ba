/** What is done now and then takes no more than this share of the time. */
const share = 1 / 20;

/** For how many ms costly work is left alone after it took so long: at most `longestMs`. */
export function restAfter(tookMs: number, longestMs: number): number {
  return Math.min(longestMs, tookMs / share);
}
