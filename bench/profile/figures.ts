/** What a run has found: `docs/profile.json`, from which the page and its pictures are written. */

export interface Percentiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export function percentilesOf(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.ceil(sorted.length * share) - 1] ?? sorted[0] ?? 0, 1);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

export function round(value: number, digits = 0): number {
  const unit = 10 ** digits;
  return Math.round(value * unit) / unit;
}

/** One process with all that it has started. */
export interface PartUsage {
  part: string;
  /** Of one core. */
  cpuPercent: number;
  /** Resident, at its highest. */
  megabytes: number;
  processes: number;
  threads: number;
}

/** While visitors call, with tasks or without. */
export interface Measured {
  seconds: number;
  latency: Percentiles;
  /** Calls without an answer. */
  lost: number;
  /** From a write in the database to a visitor; none where nobody may write there. */
  publication?: Percentiles;
  loop?: Percentiles;
  /** Share of time in which the web process's loop was busy, in percent. */
  loopBusyPercent?: number;
  /** None of a pair that runs elsewhere. */
  parts: PartUsage[];
  /** The slowest call of each step of the time. */
  slowest: number[];
  stepMs: number;
}

export interface TaskKind {
  ms: number;
  added: number;
  done: number;
  /** From the wish to the end. */
  delay: Percentiles;
}

export interface Start {
  part: string;
  ms: number;
  cpuMs: number;
  megabytes: number;
  threads: number;
}

/** Something goes wrong while visitors call and other tasks run. */
export interface Incident {
  /** The longest time in which no visitor got an answer. */
  silenceMs: number;
  lost: number;
  /** How many visitors lost their connection. */
  cutOff: number;
  latency: Percentiles;
  /** Parts that ended and were started again. */
  restarts: string[];
  bystanders: number;
  bystandersDone: number;
  /** When the last of them was done, from the incident on. */
  bystandersMs: number;
  megabytes: number;
}

export const incidentKinds = ['crash', 'leak', 'kill'] as const;
export type IncidentKind = (typeof incidentKinds)[number];

/** What ran when: milliseconds from the beginning of the window. */
export interface Trace {
  seconds: number;
  tasks: { from: number; to: number; ms: number; process: number }[];
  /** Of some of the visitors: sent, reached by the event loop, answered. */
  calls: [visitor: number, sent: number, ran: number, answered: number][];
}

export const setUpKeys = ['monolith', 'pool', 'roles', 'plain'] as const;
export type SetUpKey = (typeof setUpKeys)[number];

export interface SetUpFigures {
  starts: Start[];
  quiet: Measured;
  load: Measured;
  tasks: TaskKind[];
  trace: Trace;
  incidents: Record<IncidentKind, Incident>;
}

export interface Growth {
  setUp: SetUpKey;
  workers: number;
  jobsRoles: number;
  tasksPerSecond: number;
  latency: Percentiles;
  megabytes: number;
  processes: number;
}

export interface Profile {
  at: string;
  host: string;
  machine: { cpu: string; cores: number; gigabytes: number; system: string; node: string };
  commit: string;
  tookSeconds: number;
  visitors: number;
  callEveryMs: number;
  loadSeconds: number;
  workers: number;
  heapMb: number;
  burst: { everySeconds: number; tasks: number; ms: number };
  stream: { ms: number; everyMs: number }[];
  roundsPerMs: number;
  growthTasks: number;
  leak: { tasks: number; megabytes: number };
  /** The tasks that wait or run when something goes wrong, and how long visitors call then, at least. */
  bystanders: { ms: number; count: number };
  incidentSeconds: number;
  leaseMs: number;
  plainWorkerLines: number;
  /** How late the loop of the process was that measures. */
  ownLoop: Percentiles;
  setUps: Record<SetUpKey, SetUpFigures>;
  growth: Growth[];
  /** How long a worker takes to start. */
  workerStartMs: number;
  /** A pair that ran already. */
  pair?: { url: string; host: string; quiet: Measured; load: Measured };
}
