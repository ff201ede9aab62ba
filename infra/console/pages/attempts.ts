import { useCallback, useState } from 'react';

/** After an answer that is neither yes nor no: the database is away, say. */
const againAfterMs = 2_000;

/** Attempts that follow one another: an effect that depends on `attempt` runs anew a moment after `again`. */
export function useAttempts() {
  const [attempt, setAttempt] = useState(1);
  const again = useCallback(() => setTimeout(() => setAttempt(count => count + 1), againAfterMs), []);
  return { attempt, again };
}
