const defaultSeconds = 30;
/** What is left for everything that is stopped after the workers, and for the host's own clock. */
const reserveMs = 3_000;

/** How long a role may drain, in ms: what the host grants (METEOR_SIGTERM_GRACE_PERIOD_SECONDS). */
export function graceMs(environment: NodeJS.ProcessEnv = process.env): number {
  const seconds = Number(environment.METEOR_SIGTERM_GRACE_PERIOD_SECONDS ?? defaultSeconds);
  return (Number.isFinite(seconds) && seconds > 0 ? seconds : defaultSeconds) * 1_000;
}

/** How long running tasks may go on meanwhile. */
export function taskGraceMs(environment: NodeJS.ProcessEnv = process.env): number {
  const grace = graceMs(environment);
  return Math.max(grace / 2, grace - reserveMs);
}
