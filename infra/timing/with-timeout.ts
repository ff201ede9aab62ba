import { timerMs } from './timer-ms';

/**
 * Waits for a value, but not for ever. What comes too late is dropped, a failure too.
 *
 * @throws `late` when `ms` have passed.
 */
export async function withTimeout<T>(ms: number, value: Promise<T>, late: Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), timerMs(ms));
  });
  return Promise.race([value, tooLate]).finally(() => clearTimeout(timer));
}
