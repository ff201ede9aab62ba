import { show } from '../errors/plain-error';
import { didYouMean } from './nearest';
import type { PayloadFields } from './payload-language';

/**
 * The three priority classes, as names for integers: any integer is a priority, higher comes first, and 1 is what
 * meteor-cluster gave by default. The gaps leave room for tasks that sink after a failure or stand between two classes.
 */
export const Priority = { low: -10, medium: 1, high: 10 } as const;

/** The class that an integer belongs to. */
export type PriorityClass = keyof typeof Priority;

/** Below 1 is low, 10 and above is high. An overloaded machine pauses low first and high last. */
export function priorityClassOf(priority: number): PriorityClass {
  if (priority >= Priority.high) return 'high';
  return priority >= Priority.medium ? 'medium' : 'low';
}

/** How long to wait before the next try: `base * factor ** (failures - 1)`, at most `max`, give or take the jitter. */
export interface Backoff {
  /** Milliseconds before the second attempt. */
  readonly base: number;
  readonly factor: number;
  /** The longest wait in milliseconds. */
  readonly max: number;
  /** From 0 to 1: the share of the wait that chance adds or takes away. */
  readonly jitter: number;
}

/** At most `max` starts in each window of `per` milliseconds, over all jobs roles together. */
export interface RateLimit {
  readonly max: number;
  readonly per: number;
}

/** How long a finished task is kept, in milliseconds. `cancelled` and `rejected` tasks are kept like failed ones. */
export interface Retention {
  readonly done: number;
  readonly failed: number;
}

/** What a task type may say of itself in `imports/tasks/catalog.ts`. All times are milliseconds. */
export interface TaskTypeOptions<Fields extends PayloadFields = PayloadFields> {
  /** The payload's fields, in the catalog's part of simpl-schema's language (payload-language.ts). */
  readonly payload: Fields;
  /** Of its tasks, unless addTask says otherwise. Default: Priority.medium. */
  readonly priority?: number;
  /** How often it is tried before it has failed. Default: 3. */
  readonly attempts?: number;
  /** The longest that one attempt may run. Default: 10 minutes. */
  readonly timeout?: number;
  readonly backoff?: Partial<Backoff>;
  /** How many run at once in one jobs role. Default: as many as there are slots. */
  readonly concurrency?: number;
  /** How many run at once in one worker process: more than 1 for handlers that wait rather than compute. Default: 1. */
  readonly perWorker?: number;
  readonly rateLimit?: RateLimit;
  readonly retention?: Partial<Retention>;
  /** Counts up when the payload changes in a way that older handlers cannot run. Default: 1. */
  readonly version?: number;
  /** A task is bumped to high its usual duration plus this much before its deadline. Default: 30 seconds. */
  readonly deadlineMargin?: number;
}

/** The options of a task type with every default filled in. */
export interface ResolvedOptions {
  readonly priority: number;
  readonly attempts: number;
  readonly timeout: number;
  readonly backoff: Backoff;
  readonly concurrency?: number;
  readonly perWorker: number;
  readonly rateLimit?: RateLimit;
  readonly retention: Retention;
  readonly version: number;
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
  retention: { done: 7 * day, failed: 30 * day },
  version: 1,
  deadlineMargin: 30 * second,
} as const satisfies ResolvedOptions;

/** Fills in the defaults. Expects options that `findOptionProblems` has nothing against. */
export function resolveOptions(options: TaskTypeOptions): ResolvedOptions {
  const { payload: _, ...given } = options;
  return {
    ...defaultOptions,
    ...given,
    backoff: { ...defaultOptions.backoff, ...given.backoff },
    retention: { ...defaultOptions.retention, ...given.retention },
  };
}

interface Range {
  min: number;
  max?: number;
  integer?: boolean;
}

/** setTimeout's longest wait; a longer one would fire at once. */
const longest = 2 ** 31 - 1;
const count: Range = { min: 1, integer: true };
const milliseconds: Range = { min: 1, max: longest, integer: true };
const anyInteger: Range = { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, integer: true };

const options: Record<string, Range | Record<string, Range>> = {
  priority: anyInteger,
  attempts: count,
  timeout: milliseconds,
  backoff: {
    base: { min: 0, max: longest },
    factor: { min: 1 },
    max: { min: 0, max: longest },
    jitter: { min: 0, max: 1 },
  },
  concurrency: count,
  perWorker: count,
  rateLimit: { max: count, per: milliseconds },
  retention: { done: { min: 0 }, failed: { min: 0 } },
  version: count,
  deadlineMargin: { min: 0, max: longest },
};

/** Lists what is wrong with the options of a task type (all but its payload). */
export function findOptionProblems(given: object, path: string): string[] {
  const known = ['payload', ...Object.keys(options)];
  return Object.entries(given).flatMap(([name, value]) => {
    if (name === 'payload' || value === undefined) return [];
    const rule = options[name];
    if (!rule) return [`${path}.${name}: unknown option${didYouMean(name, known)}`];
    return isRange(rule) ? checkNumber(value, rule, `${path}.${name}`) : checkGroup(value, rule, `${path}.${name}`);
  });
}

function checkGroup(value: unknown, rules: Record<string, Range>, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [`${path}: ${show(value)} is not an object`];
  const problems = Object.entries(value).flatMap(([name, part]) => {
    const rule = rules[name];
    return rule
      ? checkNumber(part, rule, `${path}.${name}`)
      : [`${path}.${name}: unknown option${didYouMean(name, Object.keys(rules))}`];
  });
  if (path.endsWith('.rateLimit'))
    for (const name of Object.keys(rules)) if (!(name in value)) problems.push(`${path}.${name}: is missing`);
  return problems;
}

function checkNumber(value: unknown, range: Range, path: string): string[] {
  if (typeof value !== 'number' || Number.isNaN(value)) return [`${path}: ${show(value)} is not a number`];
  if (range.integer && !Number.isInteger(value)) return [`${path}: ${value} is not an integer`];
  if (value < range.min) return [`${path}: ${value} is below ${range.min}`];
  if (range.max !== undefined && value > range.max) return [`${path}: ${value} is above ${range.max}`];
  return [];
}

function isRange(rule: Range | Record<string, Range>): rule is Range {
  return typeof rule.min === 'number';
}
