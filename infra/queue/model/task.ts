/** What a task is, in every store and on every wire. design.md's table of states is the contract. */

/** Every state a task can be in. */
export const taskStates = [
  'scheduled',
  'waiting',
  'queued',
  'running',
  'done',
  'failed',
  'cancelled',
  'rejected',
] as const;
export type TaskState = (typeof taskStates)[number];

/** How many attempts of a task are remembered: one that is retried by hand for years stays small. */
export const attemptsKept = 50;

/** A task in one of these states still has something to happen to it; its `_id` and `uniqueKey` are taken. */
export const liveStates = ['scheduled', 'waiting', 'queued', 'running'] as const satisfies readonly TaskState[];

export function isLive({ state }: Pick<Task, 'state'>): boolean {
  return (liveStates as readonly TaskState[]).includes(state);
}

/** What a `waiting` task waits for: the end of those that it comes after, of a batch, a free slot of its limit, or its rate. */
export type WaitsFor = 'predecessors' | 'batch' | 'slot' | 'rate';

/** What becomes of a task whose predecessor has not succeeded. */
export const ifFailedChoices = ['run', 'fail', 'cancel'] as const;
export type IfFailed = (typeof ifFailedChoices)[number];

/** A task in one of these states is history, until its retention is over. */
export const finishedStates = ['done', 'failed', 'cancelled', 'rejected'] as const satisfies readonly TaskState[];

/** An error as it is kept: plain data that survives the database and the IPC channel. */
export interface TaskError {
  name: string;
  message: string;
  stack?: string;
  /** Groups the same failure: type, message without numbers and ids, top frame. */
  fingerprint?: string;
}

/** What is remembered of an attempt; the history of a task is the list of them. */
export interface AttemptRecord {
  startedAt: Date;
  finishedAt: Date;
  outcome: 'done' | 'failed' | 'cancelled' | 'timedOut' | 'crashed' | 'rescued' | 'snoozed';
  /** The process that ran it: `host:pid` of the role and the worker's pid. */
  owner: string;
  workerPid?: number;
  error?: TaskError;
  /** Why its handler has put it off. */
  why?: string;
  /** How many lines its log has (`TaskQueue.attemptLog`); absent where there is none. */
  lines?: number;
}

/** Which app and version asked for the task, so that a handler builds URLs of the sender, not of the jobs role. */
export interface Sender {
  appId: string;
  version: string;
  rootUrl: string;
}

export interface Progress {
  /** From 0 to 1. */
  fraction: number;
  note?: string;
  at: Date;
}

/** A key of `unique`: `type/key`. */
export interface HeldKey {
  key: string;
  /** With `keep` and `refuse`: until then it has the key, whether it has finished or not. */
  until?: Date;
  /** With `replace`: when it starts at the latest, however often it is replaced. */
  latest?: Date;
}

export type Place = -2 | -1 | 0 | 1;

export interface Task<Data = unknown, Result = unknown> {
  _id: string;
  taskType: string;
  data: Data;
  state: TaskState;
  /** Higher comes first. It sinks with each failure and rises when the deadline comes close. */
  priority: number;
  /** The priority it was added with. */
  basePriority: number;
  /**
   * Where it stands among its equals, as one number by which an index sorts: 0 where it was added with `front`, 1
   * otherwise; less by 2 while it waits again after an interruption. `standingOf` (order.ts) says the same in words.
   */
  place: Place;
  createdAt: Date;
  dueDate: Date;
  /** When it is due, while it is queued with a later `dueDate`, behind those that it has to let pass (a limit by key). */
  ownDue?: Date;
  deadline?: Date;
  deadlineMissed?: boolean;
  uniqueKey?: string;
  /** The key that it has by `unique`, as long as it has it. No two tasks have the same. */
  unique?: HeldKey;
  /**
   * Set while it waits as the next round of a recurring task (one that its own handler has added for later), unique
   * then. Two chains of the same recurring task meet in it and become one.
   */
  recurringKey?: string;
  /** Set while it is `waiting`. */
  waitsFor?: WaitsFor;
  /** The tasks that it comes after. */
  after?: string[];
  ifFailed?: IfFailed;
  /** The batch that it is a member of. */
  batch?: string;
  /** The batch that it comes after. */
  afterBatch?: string;
  /** With `afterBatch`: it runs where a member of the batch has failed, and is not needed otherwise. */
  onlyIfFailed?: true;
  /** The type of the task that is added when this one has failed for good. */
  onFailed?: string;
  /** Whether that was done. False from the beginning where there is an `onFailed`. */
  failureTold?: boolean;
  /** What it is counted under, where its type has a limit over all roles: `type/key`. */
  limitKey?: string;
  /** Its slot of that limit, `limitKey#number`, from when it is queued to the end of its attempt. Unique. */
  slot?: string;
  /** What its starts are counted under, where its type has a rate by key: `type/key`. */
  rateKey?: string;
  /** By which people find it. */
  tags?: string[];
  /** By whom it was promoted, so that of two roles that promote at once only one says "due". */
  promotion?: string;
  /** Which of the deadline's two events comes next: the bump to high, or the deadline itself. */
  deadlineWatch?: 'bump' | 'miss';
  /** How many attempts have been used, rescues included. */
  attempt: number;
  attempts: AttemptRecord[];
  /** How often its handler has put it off. */
  snoozes?: number;
  sender: Sender;
  /** The catalog version of its type when it was added. */
  catalogVersion: number;
  signature?: string;
  /** The task that this one is a replay of. */
  origin?: string;
  /** The span that it was added in (W3C Trace Context), where somebody traces. */
  traceparent?: string;

  /** Set while it runs; every write to a running task matches owner and token. */
  owner?: string;
  /** Of the last claim. It stays after the attempt, so that a settle whose reply was lost can see that it was written. */
  token?: string;
  leaseUntil?: Date;
  claimedAt?: Date;
  cancelRequested?: boolean;

  progress?: Progress;
  result?: Result;
  error?: TaskError;
  finishedAt?: Date;
  /** When retention removes it (a TTL index). */
  expiresAt?: Date;
}
