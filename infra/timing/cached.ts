import { withTimeout } from './with-timeout';

interface CachedOptions {
  /** How long an answer is good for. */
  forMs: number;
  /** How long somebody who asks waits for it. */
  waitMs: number;
}

/** An answer that has not come by then never will. */
const lostAfterMs = 60_000;

/**
 * Answers from the last result while it is fresh. Asks nothing while a question is still open: a slow database would
 * only get slower.
 *
 * @returns a function that throws where the answer is a failure, or comes too late.
 */
export function cached<T>(ask: () => Promise<T>, { forMs, waitMs }: CachedOptions): () => Promise<T> {
  let askedAt = Number.NEGATIVE_INFINITY;
  let open = false;
  let answer: Promise<T> | undefined;

  const askAnew = (now: number): Promise<T> => {
    askedAt = now;
    open = true;
    const fresh = ask().finally(() => {
      open = false;
    });
    fresh.catch(() => {}); // whoever waits for it hears of it
    return fresh;
  };

  return () => {
    const now = performance.now();
    if (!answer || now - askedAt > (open ? lostAfterMs : forMs)) answer = askAnew(now);
    return withTimeout(waitMs, answer, () => new Error('too late'));
  };
}
