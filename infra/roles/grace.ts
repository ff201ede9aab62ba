const defaultSeconds = 30;
/** What is left for everything that is stopped after the workers, and for the host's own clock. */
const reserveMs = 3_000;
/** A restart kills what has not ended by then; and where the tool itself has ended, so do its children. */
const meteorToolSeconds = 3;

/** Whether this process was started by `meteor run`: the next one is started soon, on the same port. */
export function isUnderMeteorTool(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.METEOR_PARENT_PID !== undefined;
}

/** How long a role may drain, in ms: what the host grants (METEOR_SIGTERM_GRACE_PERIOD_SECONDS). */
export function graceMs(environment: NodeJS.ProcessEnv = process.env): number {
  const usual = isUnderMeteorTool(environment) ? meteorToolSeconds : defaultSeconds;
  const seconds = Number(environment.METEOR_SIGTERM_GRACE_PERIOD_SECONDS ?? usual);
  return (Number.isFinite(seconds) && seconds > 0 ? seconds : usual) * 1_000;
}

/** How long running tasks may go on meanwhile. */
export function taskGraceMs(environment: NodeJS.ProcessEnv = process.env): number {
  const grace = graceMs(environment);
  return Math.max(grace / 2, grace - reserveMs);
}
