/** The longest delay of a Node timer, 24.8 days: one that is set for longer fires at once. */
const longestTimerMs = 2 ** 31 - 1;

/** A delay that a timer takes. For a longer wait, check again when it fires. */
export function timerMs(ms: number): number {
  return Math.min(longestTimerMs, Math.max(0, ms));
}
