import type { UniqueChoice } from '../../catalog';
import type { AnySession } from '../model/add-options';
import type { AttemptLog } from '../model/attempt-log';
import type { Ordered } from '../model/order';
import type { Transition } from '../model/states';
import type { AttemptRecord, Progress, Task, TaskError } from '../model/task';

/** A task to be inserted. `once`: any record of its `_id` means that nothing is added. */
export interface Insertion {
  task: Task;
  once: boolean;
  /** Where it is to have a key: what comes of it if another one has that. */
  unique?: OnHeldKey;
}

export interface OnHeldKey {
  on: UniqueChoice;
  /** Whether a task is what the app has asked for: nothing else keeps a key. */
  isGenuine(holder: Task): boolean;
  /** Signs what takes the place of another one, under its `_id`. */
  signed(task: Task): Task;
}

/** What became of an insertion: added, there already (`once`), or refused because another task is in the way. */
export type Inserted =
  /** `waits`: it was to have a slot that another task has. */
  | { kind: 'added'; id: string; waits?: true }
  | { kind: 'there'; id: string }
  /** The next round of this recurring task waits already, or another one has its key: `id` is its. */
  | { kind: 'merged'; id: string }
  /** It took the place of `task._id`, which had its key. `freed`: the limit whose slot that one has left. */
  | { kind: 'replaced'; id: string; task: Task; freed?: string }
  | {
      kind: 'duplicate';
      id: string;
      field: '_id' | 'uniqueKey' | 'unique';
      value: string;
      existingId?: string;
      until?: Date;
    };

/** A task type and the newest catalog version of it that the claimer knows. */
export interface KnownType {
  taskType: string;
  version: number;
}

/** The newest version that is known of each type. */
export const versionsOf = (types: readonly KnownType[]): Map<string, number> =>
  new Map(types.map(({ taskType, version }) => [taskType, version]));

export interface PeekRequest {
  /** Only tasks of these types, up to these versions. */
  types: readonly KnownType[];
  limit: number;
  /** Only tasks of at least this priority: what an overloaded machine still runs. */
  minPriority?: number;
  /** Also what their rates are counted under, where their types have any by key: it costs a look at each task. */
  withRateKey?: boolean;
}

/** A queued task, seen in passing. */
export interface Peeked extends Ordered {
  taskType: string;
  rateKey?: string;
}

export interface Claim {
  owner: string;
  /** Fences every later write: fresh for each claim. */
  token: string;
  now: Date;
  leaseUntil: Date;
}

/** A claim on one task, by which every write to it is fenced. */
export interface Held {
  _id: string;
  owner?: string;
  token?: string;
}

/** What is to be written at the end of an attempt. */
export interface Settlement<T extends Held = Held> {
  task: T;
  transition: Transition;
  /** For the history; absent where nothing ran (a task rejected at its claim). */
  attempt?: AttemptRecord;
  /** What was written while it ran; kept elsewhere, after the settlement. */
  log?: AttemptLog;
  /** Written in the place of the claim's token, by who ends somebody else's attempt: its owner's own settlement is void. */
  newToken?: string;
  /** An earlier try to write it failed, and may have been written all the same. */
  isRetried?: boolean;
}

/** What a cancel came to: the task waited, it runs and was asked to stop, or there is none that has not finished. */
export type Cancelled = 'cancelled' | 'requested' | undefined;

/** What a retry came to: its `uniqueKey` may be taken by now, or there may be nothing to retry. */
export type Retried = 'retried' | 'duplicate' | undefined;
export type RetryChanges = Pick<Task, 'dueDate' | 'signature'>;

/** What one must know of a task to tell when its deadline needs a look. */
export type WatchedDeadline = Pick<Task, '_id' | 'taskType' | 'deadline' | 'deadlineWatch'>;

/** The next thing that will happen at a known time. */
export interface Upcoming {
  id: string;
  date: Date;
}

/** How many tasks are in each state that can be counted cheaply. */
export interface LiveCount {
  taskType: string;
  state: 'scheduled' | 'waiting' | 'queued' | 'running';
  count: number;
  /** When the oldest of the queued ones became due. */
  oldest?: Date;
}

/** Selectors and modifiers are MongoDB's; memory understands equality, `$in` and the comparisons. */
export type Selector = Record<string, unknown>;

/** A type whose tasks rise when they have waited long, and what they may wait for in a line beside the queue itself. */
export interface AgeingType {
  readonly taskType: string;
  readonly lines: readonly ('slot' | 'rate')[];
}

/**
 * Where tasks are kept. Memory and MongoDB pass one contract suite (tests/infra/contract/store-contract.ts).
 * Every write to a running task matches `{ _id, state: 'running', owner, token }`; who lost the lease changes nothing.
 */
export interface TaskStore {
  /** Inserts all in one round trip; one that is refused stops no other. Results are in the order of `insertions`. */
  insert(insertions: readonly Insertion[], session?: AnySession): Promise<Inserted[]>;

  /** The first queued tasks, in the queue's order, at a cost that does not grow with the queue. */
  peek(request: PeekRequest): Promise<Peeked[]>;
  /** Claims those of `ids` that are still queued. The tasks come back in the order of `ids`. */
  take(ids: readonly string[], claim: Claim): Promise<Task[]>;
  /** Claims the first queued task, where there is one; `limit` counts for nothing. */
  takeFirst(request: PeekRequest, claim: Claim): Promise<Task | undefined>;
  /** Ends attempts. Returns the ids of those that had been lost to somebody else. */
  settle(settlements: readonly Settlement[]): Promise<string[]>;
  /** Gives back untouched whatever a claim has caught, which is not known where its reply was lost: no attempt is counted. */
  handBackClaim(owner: string, token: string): Promise<void>;
  /** Gives back whatever this owner still has, known to it or not. Returns how many tasks that were. */
  handBackAll(owner: string): Promise<number>;
  /** Renews leases. Returns the ids of the tasks that had been lost to somebody else. */
  renew(tasks: readonly Held[], leaseUntil: Date): Promise<string[]>;
  setProgress(updates: readonly { task: Held; progress: Progress }[]): Promise<void>;

  /**
   * Takes out of the way what nothing else can be done with: it has failed, with the reason.
   *
   * @param task with owner and token, where a claim is to hold still.
   * @returns whether it was there, in that state.
   */
  setAside(task: Held, state: Task['state'], error: TaskError, now: Date): Promise<boolean>;

  /** Running tasks whose lease is over, or whose owner is one of `deadOwners`; at most `limit`. */
  expired(now: Date, deadOwners: readonly string[], limit: number): Promise<Task[]>;
  /** When the first lease ends. */
  nextExpiry(): Promise<Upcoming | undefined>;

  /** Makes scheduled tasks that are due queued, at most `limit`; returns them. One that fails stops no other. */
  promote(now: Date, limit: number): Promise<Task[]>;
  /** The scheduled task that is due first. */
  nextScheduled(): Promise<Upcoming | undefined>;

  /** Unfinished tasks whose next deadline event may be near: deadline up to `until`, soonest first. */
  nearDeadline(until: Date, limit: number): Promise<WatchedDeadline[]>;
  nextDeadline(): Promise<Upcoming | undefined>;
  /** Bumps a task that waits, or says that it will be high when it waits again. Undefined: it has finished. */
  bump(id: string, priority: number): Promise<Task | undefined>;
  /** Records that the deadline has passed. Undefined: it has finished. */
  missDeadline(id: string): Promise<Task | undefined>;

  /** Raises tasks of a type that have been due since before a date, and wait, to a priority; at most `limit`. */
  raise(type: AgeingType, dueBefore: Date, to: number, limit: number): Promise<number>;
  /** Whether any task of a type waits that has been due since before a date. */
  isWaitingSince(type: AgeingType, dueBefore: Date): Promise<boolean>;

  /** Cancels a task that waits; asks for the end of one that runs. */
  cancel(id: string, now: Date, expiresAt: Date): Promise<Cancelled>;
  /** It is no next round of a recurring task any more: nothing becomes one with it. */
  leaveChain(id: string): Promise<void>;
  /** Those of `ids` whose end has been asked for. */
  cancelRequested(ids: readonly string[]): Promise<string[]>;
  /** Puts a failed, cancelled or rejected task back in the queue, attempts afresh, its deadline watched again. */
  retry(id: string, changes: RetryChanges): Promise<Retried>;

  findOne(id: string): Promise<Task | undefined>;
  find(selector: Selector): Promise<Task[]>;
  /** Removes the tasks that the selector matches and returns how many. */
  remove(selector: Selector): Promise<number>;
  /** Counts what waits and runs, up to `limit` for each type and state. */
  countLive(limit: number): Promise<LiveCount[]>;
  /** Up to ten task types (with versions) that are queued and that `known` does not cover. */
  unknownTypes(known: readonly KnownType[]): Promise<KnownType[]>;
}
