import { timerMs } from './timer-ms';

/**
 * Waits for a value, but not for ever. What comes too late is dropped, a failure too.
 *
 * @param late what to throw when `ms` have passed: made then only.
 */
export async function withTimeout<T>(ms: number, value: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timerMs(ms));
  });
  return Promise.race([value, tooLate]).finally(() => clearTimeout(timer));
}
