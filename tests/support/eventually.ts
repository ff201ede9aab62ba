/** How long a fact may take before the test that waits for it fails. A ceiling, never a pause. */
const defaultTimeoutMs = 60_000;

/**
 * Waits until `fact` gives something truthy and returns it. Tests wait for facts, never for time.
 *
 * @throws when `timeoutMs` have passed: with the last value or error seen, so that the test's failure says why.
 */
export async function eventually<T>(
  fact: () => T | Promise<T>,
  { timeoutMs = defaultTimeoutMs, everyMs = 20 }: { timeoutMs?: number; everyMs?: number } = {},
): Promise<NonNullable<T>> {
  const until = Date.now() + timeoutMs;
  let seen: unknown;
  do {
    try {
      const value = await fact();
      if (value) return value;
      seen = value;
    } catch (error) {
      seen = error;
    }
    await new Promise(resolve => setTimeout(resolve, everyMs));
  } while (Date.now() < until);
  throw new Error(`not within ${timeoutMs} ms: ${fact}\nlast seen: ${describe(seen)}`, { cause: seen });
}

function describe(seen: unknown): string {
  return seen instanceof Error ? (seen.stack ?? seen.message) : JSON.stringify(seen);
}
