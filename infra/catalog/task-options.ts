import type { PayloadFields } from './payload-language';
import { resolveUnique, type UniqueFields, type UniqueTypeRule } from './unique';

/**
 * The three priority classes, as names for integers. Any integer is a priority, higher comes first, and 1 is
 * meteor-cluster's default. The gaps leave room for tasks that sink after a failure, or lie between two classes.
 */
export const Priority = { low: -10, medium: 1, high: 10 } as const;

/** The class that an integer belongs to. */
export type PriorityClass = keyof typeof Priority;

/** Below 1 is low, 10 and above is high. An overloaded machine pauses low first and high last. */
export function priorityClassOf(priority: number): PriorityClass {
  if (priority >= Priority.high) return 'high';
  return priority >= Priority.medium ? 'medium' : 'low';
}

/**
 * How long to wait before the next attempt: `base * factor ** (failures - 1)`, at most `max`, plus or minus the jitter.
 */
export interface Backoff {
  /** Milliseconds before the second attempt. */
  readonly base: number;
  readonly factor: number;
  /** The longest wait in milliseconds. */
  readonly max: number;
  /** From 0 to 1: the random share of the wait that is added or removed. */
  readonly jitter: number;
}

/** How many tasks of a type run at once: in one jobs role, or over all of them, for the type or for each value of a key. */
export interface ConcurrencyLimit<Fields extends PayloadFields = PayloadFields> {
  readonly max: number;
  /**
   * The field of the payload (or several) whose values count separately, for instance `max` for each customer. With a
   * key the scope is `all`.
   */
  readonly key?: (keyof Fields & string) | readonly (keyof Fields & string)[];
  /** `all` (the default): over all jobs roles together. `role`: in each of them, as with a plain number. */
  readonly scope?: 'all' | 'role';
}

/** At most `max` starts in any span of `per` milliseconds, over all jobs roles together. */
export interface RateLimit<Fields extends PayloadFields = PayloadFields> {
  readonly max: number;
  readonly per: number;
  /** The field of the payload (or several) whose values are counted apart: `max` for each customer, say. */
  readonly key?: (keyof Fields & string) | readonly (keyof Fields & string)[];
  /** Starts are spaced evenly, with at least `per / max` between two, instead of `max` at once. Default: false. */
  readonly spread?: boolean;
}

/** A limit over all jobs roles, in the queue's form. */
export interface SlotLimit {
  readonly max: number;
  /** Names of top-level fields of the payload; none: the type as a whole. */
  readonly key: readonly string[];
}

/** How long a finished task is kept, in milliseconds. `cancelled` and `rejected` tasks are kept like failed ones. */
export interface Retention {
  readonly done: number;
  readonly failed: number;
}

/** Where the handler of a task type runs: in a worker process, or in the jobs role itself. */
export type RunsIn = 'worker' | 'role';

/** The options of a task type in `imports/tasks/catalog.ts`. All times are milliseconds. */
export interface TaskTypeOptions<Fields extends PayloadFields = PayloadFields> {
  /** The payload's fields, in the catalog's part of simpl-schema's language (payload-language.ts). */
  readonly payload: Fields;
  /** The priority of its tasks, unless addTask names another one. Default: Priority.medium. */
  readonly priority?: number;
  /** How many attempts a task has before it has failed. Default: 3. */
  readonly attempts?: number;
  /** How long one attempt may run. Default: 10 minutes. */
  readonly timeout?: number;
  readonly backoff?: Partial<Backoff>;
  /** How many run at once: a number in each jobs role, or a limit over all. Default: as many as there are slots. */
  readonly concurrency?: number | ConcurrencyLimit<Fields>;
  /** How many run at once in one worker process: more than 1 for handlers that wait rather than compute. Default: 1. */
  readonly perWorker?: number;
  /**
   * `'worker'`: in a worker process, where computing blocks nobody. `'role'`: in the jobs role itself, with all of Meteor,
   * for work that waits rather than computes. Default: 'worker'.
   */
  readonly runsIn?: RunsIn;
  /** With `runsIn: 'role'`: how many run at once in one jobs role. Default: 10. */
  readonly perRole?: number;
  /** The type of the task to add when one of this type has failed for good; its payload is `failedTask`. */
  readonly onFailed?: string;
  /** How often `Snooze` may put a task off, in all its attempts, before it has failed. Default: 100. */
  readonly maxSnoozes?: number;
  /** At most so many starts in any span, over all jobs roles; for the type, or for each value of a key. */
  readonly rateLimit?: RateLimit<Fields>;
  /** Whether a task is added while another one with the same values of these fields is there. Default: it is. */
  readonly unique?: UniqueFields<Fields>;
  /** Fields that nobody sees on the console or in a terminal, by dotted path; not within a list, only the list itself. */
  readonly redact?: readonly string[];
  readonly retention?: Partial<Retention>;
  /** Raise it when the payload changes in a way that older handlers cannot run. Default: 1. */
  readonly version?: number;
  /** A task that has been due for longer rises to high, and after twice this time to the top. Default: none does. */
  readonly maxWait?: number;
  /** A task is bumped to high its usual duration plus this much before its deadline. Default: 30 seconds. */
  readonly deadlineMargin?: number;
}

/** The options of a task type with every default filled in. */
export interface ResolvedOptions {
  readonly priority: number;
  readonly attempts: number;
  readonly timeout: number;
  readonly backoff: Backoff;
  /** In one jobs role. */
  readonly concurrency?: number;
  /** Over all jobs roles. */
  readonly slots?: SlotLimit;
  readonly perWorker: number;
  readonly runsIn: RunsIn;
  readonly maxSnoozes: number;
  readonly onFailed?: string;
  readonly rateLimit?: RateLimit;
  readonly unique?: UniqueTypeRule;
  readonly redact?: readonly string[];
  readonly retention: Retention;
  readonly version: number;
  readonly maxWait?: number;
  readonly deadlineMargin: number;
}

const second = 1_000;
const minute = 60 * second;
const day = 24 * 60 * minute;

export const defaultOptions = {
  priority: Priority.medium,
  attempts: 3,
  timeout: 10 * minute,
  backoff: { base: second, factor: 2, max: 60 * minute, jitter: 0.2 },
  perWorker: 1,
  runsIn: 'worker',
  maxSnoozes: 100,
  retention: { done: 7 * day, failed: 30 * day },
  version: 1,
  deadlineMargin: 30 * second,
} as const satisfies ResolvedOptions;

const defaultPerRole = 10;

/** Fills in the defaults. Expects options without problems by `findOptionProblems`. */
export function resolveOptions(options: TaskTypeOptions): ResolvedOptions {
  const { payload: _, concurrency, perRole = defaultPerRole, unique, ...own } = options;
  return {
    ...defaultOptions,
    ...own,
    ...limitsOf(concurrency),
    ...(own.runsIn === 'role' && { concurrency: perRole }),
    ...(unique && {
      unique: { ...resolveUnique(unique), ...(unique.key !== undefined && { key: [unique.key].flat() }) },
    }),
    backoff: { ...defaultOptions.backoff, ...own.backoff },
    retention: { ...defaultOptions.retention, ...own.retention },
  };
}

function limitsOf(concurrency: TaskTypeOptions['concurrency']): Pick<ResolvedOptions, 'concurrency' | 'slots'> {
  if (concurrency === undefined) return {};
  if (typeof concurrency === 'number') return { concurrency };
  const { max, key = [], scope = 'all' } = concurrency;
  return scope === 'role' ? { concurrency: max } : { slots: { max, key: [key].flat() } };
}
