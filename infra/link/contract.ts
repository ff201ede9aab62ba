import type { AppDataOf, AppTaskType } from '../catalog';

/** A task that runs now. */
export interface LiveTask {
  taskId: string;
  taskType: string;
  /** Absent where it still waits inside a worker. */
  startedAt?: Date;
  /** Its handler was told to stop, for this reason, and has not. */
  stopping?: string;
}

/** A worker process of a jobs role. */
export interface LiveWorker {
  pid: number;
  state: string;
  startedAt: Date;
  /** Tasks that it has finished. */
  finished: number;
  /** Of memory. */
  rss: number;
  /** Of the processor's time, as far as it has told. */
  cpuMs: number;
  tasks: LiveTask[];
}

/** A schedule of the app's code. */
export interface LiveSchedule {
  name: string;
  nextAt?: Date;
  /** The next five runs, this one included. */
  next?: Date[];
  /** What its times were written as, where that is one call. */
  cron?: string;
  text?: string;
  timezone?: string;
}

/** The live state of a jobs role, for its web roles. */
export interface LiveState {
  /** The process, as in the collection `processes`. */
  _id: string;
  enabled: boolean;
  /** Worker processes. */
  workers: number;
  /** Tasks that they can run at once. */
  slots: number;
  /** Tasks that run now. */
  busy: number;
  /** The task types that it runs now. */
  taskTypes: string[];
  load: { eventLoopDelayMs: number; cpu: number; freeMemoryMb: number; paused: boolean };
  schedules: LiveSchedule[];
  /** Each of its workers; absent in what an earlier version tells. */
  processes?: LiveWorker[];
  /** What runs in the role itself. */
  inRole?: LiveTask[];
  at: Date;
}

export interface RunOptions {
  /** How long the task may take, waiting for a worker included, in ms, up to an hour; 30 s by default. */
  timeout?: number;
}

const timeoutRange = { min: 1, max: 3_600_000 };

/** Whether a run may take so long: a jobs role takes no other number. */
export const isTimeout = (ms: unknown): ms is number =>
  Number.isInteger(ms) && (ms as number) >= timeoutRange.min && (ms as number) <= timeoutRange.max;

/** What the app asks of the jobs role without the queue in between. For durable work use `TaskQueue.addTask`. */
export interface Jobs {
  /**
   * Runs an in-memory task on a jobs role and gives its result. Nothing of it survives a crash.
   *
   * @throws LinkError `down` (no jobs role could be reached in time), `timeout`, `refused` (payload) or `failed`.
   */
  run<T extends AppTaskType>(taskType: T, data: AppDataOf<T>, options?: RunOptions): Promise<unknown>;
  /** Announces work; costs next to nothing and promises nothing. */
  nudge(): void;
  /** Runs a schedule of a jobs role now. @throws LinkError; `refused` for a name that it does not know. */
  runSchedule(name: string): Promise<void>;
  /**
   * Replaces a worker of a jobs role when its tasks have ended.
   *
   * @param roleId the role, as in `live`.
   * @throws LinkError; `refused` where no such role is linked up, or it has no such worker.
   */
  recycleWorker(roleId: string, pid: number): Promise<void>;
  /** Has a jobs role drain and end, as by SIGTERM; whatever keeps it running starts it again. @throws as `recycleWorker`. */
  drain(roleId: string): Promise<void>;
  /** The reachable jobs roles, by their last reports. */
  live(): LiveState[];
  isUp(): boolean;
}

/** Names on the wire. */
export const wire = {
  challenge: 'link.challenge',
  prove: 'link.prove',
  run: 'link.run',
  nudge: 'link.nudge',
  runSchedule: 'link.runSchedule',
  recycleWorker: 'link.recycleWorker',
  drain: 'link.drain',
  live: 'link.live',
  liveCollection: 'jobsLive',
} as const;

/** Of the error by which a jobs role that drains refuses a call: it has begun nothing. */
export const drainingCode = 'draining';

export type LinkFailure = 'down' | 'timeout' | 'refused' | 'failed';

/** Why a call over the link brought no result: `code` for programs, the message for people. */
export class LinkError extends Error {
  override name = 'LinkError';

  constructor(
    readonly code: LinkFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The time-out of a run. @throws LinkError `refused` for what no jobs role takes. */
export function timeoutOf({ timeout = defaultTimeoutMs }: RunOptions): number {
  if (isTimeout(timeout)) return timeout;
  const { min, max } = timeoutRange;
  throw new LinkError('refused', `timeout: ${timeout} is no whole number of milliseconds from ${min} to ${max}`);
}

const defaultTimeoutMs = 30_000;
