import type { ClientSession } from 'mongodb';
import { didYouMean, isWellFormed, timeOf, type UniqueKey } from '../../catalog';
import { show } from '../../errors/plain-error';
import { type IfFailed, ifFailedChoices } from './task';

/** A session of the npm driver, or of the one that Meteor bundles: the task is written through its own client. */
export type AnySession = Pick<ClientSession, 'inTransaction'> & { readonly client?: unknown };

/** All that addTask takes beside task type and data. */
export interface AddOptions {
  /** Any integer, higher first. Default: the type's. */
  priority?: number;
  /** Before its equals (same priority) instead of behind them. */
  front?: boolean;
  /** Unique among the tasks that have not finished; a finished one of this id is replaced. Default: a fresh id. */
  _id?: string;
  /** With `_id`: where any record of it is kept, live or finished, nothing is added and the id comes back. */
  once?: boolean;
  /** When it may start at the earliest. Default: now. */
  dueDate?: Date;
  /** When it should be finished. The task is bumped to high before; that it was missed is recorded. */
  deadline?: Date;
  /** Kept in the memory of this jobs role only: faster, and lost with it. */
  inMemory?: boolean;
  /** Unique among the tasks that have not finished. */
  uniqueKey?: string;
  /**
   * What becomes of it while another task of its type has the same key: `keep` that one (its id comes back), `replace` what
   * that one works on, or `refuse` this one; with `for` over a span of time. Default: its type's; false: nothing.
   */
  unique?: UniqueKey | false;
  /** Ids of tasks that must have ended before it may start; those that are not there any more have. */
  after?: readonly string[];
  /** What becomes of it when one of them fails, or is cancelled: it fails as well (the default), is cancelled, or runs. */
  ifFailed?: IfFailed;
  /** The batch that it is a member of (`addBatch`). */
  batch?: string;
  /** The type of the task that is added when this one has failed for good. Default: its type's. */
  onFailed?: string;
  /** A few words by which people find it: 10 at most, of 64 characters each. */
  tags?: readonly string[];
  /** The task is added in this session's transaction. */
  session?: AnySession;
}

/** The same, before it is known to be right. */
export type UnparsedTask = { taskType?: unknown; data?: unknown } & { [K in keyof AddOptions]?: unknown };

type Check = (value: unknown) => string | undefined;

const isBoolean: Check = value => (typeof value === 'boolean' ? undefined : 'is not true or false');
const isText: Check = value => {
  if (typeof value !== 'string' || value === '') return 'is not a text of one character or more';
  return isWellFormed(value) ? undefined : 'holds half a surrogate pair, as a cut emoji does';
};
const isMoment: Check = value => (Number.isNaN(timeOf(value)) ? 'is not a valid Date' : undefined);

const keyProblem: Check = value => {
  const { key } = Object(value) as { key?: unknown };
  return typeof value !== 'object' || isText(key) === undefined ? undefined : `has a key that ${isText(key)}`;
};

/** More would be asked about again and again; a batch says the same with one id. */
const mostPredecessors = 1_000;

const areIds: Check = value => {
  if (!Array.isArray(value) || value.length === 0) return 'is not a list of one id or more';
  if (value.length > mostPredecessors) return `has more than ${mostPredecessors} ids`;
  return value.map(isText).find(problem => problem !== undefined);
};

const mostTags = 10;
const longestTag = 64;

const areTags: Check = value => {
  if (!Array.isArray(value) || value.length === 0) return 'is not a list of one tag or more';
  if (value.length > mostTags) return `has more than ${mostTags} tags`;
  const isLong = value.some(tag => typeof tag === 'string' && tag.length > longestTag);
  if (isLong) return `has a tag of more than ${longestTag} characters`;
  return value.map(isText).find(problem => problem !== undefined);
};

const checks: Record<keyof AddOptions, Check> = {
  priority: value => (Number.isSafeInteger(value) ? undefined : 'is not an integer'),
  front: isBoolean,
  _id: isText,
  once: isBoolean,
  dueDate: isMoment,
  deadline: isMoment,
  inMemory: isBoolean,
  uniqueKey: isText,
  // All but its key depends on the type: `uniqueProblems` looks at it.
  unique: value => (value === false ? undefined : keyProblem(value)),
  after: areIds,
  ifFailed: value =>
    ifFailedChoices.includes(value as IfFailed) ? undefined : `is none of ${ifFailedChoices.join(', ')}`,
  batch: isText,
  onFailed: isText,
  tags: areTags,
  session: value =>
    typeof (value as AnySession)?.inTransaction === 'function' ? undefined : 'is not a session of a MongoDB driver',
};

/** What is wrong with the value of one option, be it given to addTask or to update; undefined where nothing is. */
export function findOptionProblem(name: string, value: unknown): string | undefined {
  const problem = Object.hasOwn(checks, name) ? checks[name as keyof AddOptions](value) : undefined;
  return problem && `${name}: ${show(value)} ${problem}`;
}

/** What is wrong with the options of a task, each by itself and together; a line for each. */
export function findOptionProblems(given: UnparsedTask): string[] {
  const known = ['taskType', 'data', ...Object.keys(checks)];
  const problems = Object.entries(given).flatMap(([name, value]) => {
    if (value === undefined || name === 'taskType' || name === 'data') return [];
    if (!Object.hasOwn(checks, name)) return [`${name}: unknown option of addTask${didYouMean(name, known)}`];
    return findOptionProblem(name, value) ?? [];
  });
  if (given.once && given._id === undefined) problems.push('once: needs an _id, which says what is to be there once');
  if (given.inMemory && given.after) problems.push('after: a task in memory waits for no others; leave one out');
  for (const other of ['inMemory', 'session'] as const)
    if (given.batch !== undefined && given[other])
      problems.push(`batch: a member is written by itself, into the database; leave ${other} out`);
  if (given.ifFailed && !given.after) problems.push('ifFailed: says nothing without after, the tasks that may fail');
  if (given.inMemory && given.session) problems.push('session: a task in memory is in no transaction; leave one out');
  return problems;
}
