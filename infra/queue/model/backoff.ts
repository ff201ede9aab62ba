import type { Backoff } from '../../catalog';

/**
 * How many milliseconds to wait after the given number of failures (1 is the first).
 *
 * @param random from 0 to 1; spreads the tries of tasks that failed together.
 */
export function backoffMs(failures: number, { base, factor, max, jitter }: Backoff, random = Math.random()): number {
  const wait = Math.min(max, base * factor ** (failures - 1));
  return Math.round(wait * (1 + jitter * (2 * random - 1)));
}
