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

/**
 * The app's pages, uploads, files and console begin at the root of their host, and so do the socket and the routes of a
 * role: below a path half of it would be missing, without a word.
 *
 * @throws one line where ROOT_URL says more than a host.
 */
export function refusePathInRootUrl({ ROOT_URL = '' }: NodeJS.ProcessEnv = process.env): void {
  if (!URL.canParse(ROOT_URL)) return; // the host of this process says so itself
  const { origin, pathname, search, hash } = new URL(ROOT_URL);
  const path = `${pathname}${search}${hash}`;
  if (path === '/' || path === '') return;
  throw new Error(
    `ROOT_URL: ${origin}${path} has a path, and the app runs at the root of a host only: give it a host name of its own, and ROOT_URL=${origin}`,
  );
}

/** Where the inspectors of the workers begin (`npm start -- --inspect`); unset: nobody stands at a breakpoint here. */
export function inspectFrom({ TANDEM_INSPECT }: NodeJS.ProcessEnv = process.env): number | undefined {
  return TANDEM_INSPECT ? Number(TANDEM_INSPECT) : undefined;
}

/** Whether all handlers run in the role (`npm start -- --in-process`). */
export function runsInProcess({ TANDEM_IN_PROCESS }: NodeJS.ProcessEnv = process.env): boolean {
  return TANDEM_IN_PROCESS === '1';
}

/** Meteor's packages, which Meteor keeps in a global; the Node host has none. */
interface MeteorGlobal {
  Package?: Readonly<Record<string, unknown>>;
}

/**
 * Whether Meteor follows the oplog: it then reads every write of the database in every process, a worker's bulk writes
 * too (docs/decisions/0010-no-oplog.md).
 */
export function followsOplog(
  { MONGO_OPLOG_URL }: NodeJS.ProcessEnv = process.env,
  { Package }: MeteorGlobal = globalThis as MeteorGlobal,
): boolean {
  return Boolean(MONGO_OPLOG_URL) && Package !== undefined && !('disable-oplog' in Package);
}
