import { withTimeout } from './with-timeout';

interface CachedOptions {
  /** How long an answer is good for. */
  forMs: number;
  /** How long a caller waits for it. */
  waitMs: number;
}

/** An answer that has not come by then never will. */
const lostAfterMs = 60_000;

/**
 * Answers from the last result while it is fresh. Starts no second call while one is open: a slow database would only
 * get slower.
 *
 * @returns a function that throws if the answer is a failure, or comes too late.
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
    fresh.catch(() => {}); // the waiting caller gets the error
    return fresh;
  };

  return () => {
    const now = performance.now();
    if (!answer || now - askedAt > (open ? lostAfterMs : forMs)) answer = askAnew(now);
    return withTimeout(waitMs, answer, () => new Error('too late'));
  };
}
