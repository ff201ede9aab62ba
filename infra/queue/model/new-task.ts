import { createHash } from 'node:crypto';
import { types } from 'node:util';
import type { ClientSession } from 'mongodb';
import {
  type AnyCatalog,
  type DataIn,
  definitionOf,
  didYouMean,
  findSchemaProblems,
  isWellFormed,
  normalForm,
  payloadLimits,
  type TaskDefinition,
  type TaskTypeIn,
  takesFailedTask,
  timeOf,
} from '../../catalog';
import { show } from '../../errors/plain-error';
import { InvalidTaskError } from './errors';
import { newTaskId } from './ids';
import { placeOf } from './order';
import { canonical, type Signer } from './signature';
import { type IfFailed, ifFailedChoices, type Sender, type Task } from './task';
import { limitKeyOf, startStateOf } from './waiting';

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
  /** Ids of tasks that must have ended before it may start; those that are not there any more have. */
  after?: readonly string[];
  /** What becomes of it when one of them fails, or is cancelled: it fails as well (the default), is cancelled, or runs. */
  ifFailed?: IfFailed;
  /** The batch that it is a member of (`addBatch`). */
  batch?: string;
  /** The type of the task that is added when this one has failed for good. Default: its type's. */
  onFailed?: string;
  /** The task is added in this session's transaction. */
  session?: AnySession;
}

/** A type without fields takes no data: `{}` alone would take any. */
export type DataField<Data> = keyof Data extends never
  ? { data?: Record<string, never> }
  : Record<string, never> extends Data
    ? { data?: Data }
    : { data: Data };

/** What addTask takes, for each task type of the catalog C, or for the types T of them. */
export type NewTask<C, T extends TaskTypeIn<C> = TaskTypeIn<C>> = T extends unknown
  ? NewTaskOf<T, DataIn<C, T>>
  : never;

/** One of them. It has a name without C, so that the compiler's message on a wrong payload shows this type alone. */
type NewTaskOf<T, Data> = OfType<T> & DataField<Data> & AddOptions;

/** From where the compiler reads T: `OfType<T> & NewTask<C, NoInfer<T>>`. */
export interface OfType<T> {
  taskType: T;
}

/** The same, before it is known to be right. */
export type UnparsedTask = { taskType?: unknown; data?: unknown } & { [K in keyof AddOptions]?: unknown };

export interface TaskOrigin {
  catalog: AnyCatalog;
  sender: Sender;
  signer: Signer;
  now: Date;
  /** The task whose handler adds this one. */
  addedBy?: Task;
  /** The task that this one is a replay of. */
  origin?: string;
  /** The batch that these come after. */
  comesAfter?: Pick<Task, 'afterBatch' | 'onlyIfFailed'>;
}

/**
 * Parses what addTask was given and makes the task of it.
 *
 * @throws InvalidTaskError or PayloadError with every problem of it.
 */
export function newTask(given: UnparsedTask, origins: TaskOrigin): Task {
  const { catalog, sender, signer, now, addedBy, origin, comesAfter } = origins;
  if (typeof given !== 'object' || given === null)
    throw new InvalidTaskError([`addTask: ${show(given)} is not a task`]);
  const definition = definitionOf(catalog, given.taskType);
  const { taskType } = definition;
  const { data, problems: dataProblems } = parseData(definition, given.data ?? {});
  const onFailed = (given.onFailed ?? definition.onFailed) as string | undefined;
  const problems = [...findOptionProblems(given), ...dataProblems, ...onFailedProblems(given, taskType, catalog)];
  if (problems.length > 0) throw new InvalidTaskError(problems);
  const options = given as AddOptions;
  const dueDate = copyOf(options.dueDate) ?? now;
  const deadline = copyOf(options.deadline);
  const priority = options.priority ?? definition.priority;
  const recurringKey = recurringKeyOf(taskType, data, options, now, addedBy);
  const after = options.after && [...new Set(options.after)];
  const limitKey = limitKeyOf(definition, data);
  if (limitKey !== undefined && options.inMemory) throw new InvalidTaskError([notInMemory(taskType)]);
  if (onFailed !== undefined && options.inMemory) throw new InvalidTaskError([onFailedNotInMemory]);
  const task: Task = {
    _id: options._id ?? newTaskId(),
    taskType,
    data,
    ...startStateOf(
      { dueDate, ...comesAfter, ...(after && { after }), ...(limitKey !== undefined && { limitKey }) },
      now,
    ),
    priority,
    basePriority: priority,
    place: placeOf({ front: options.front === true, interrupted: false }),
    createdAt: now,
    dueDate,
    ...(deadline && { deadline, deadlineWatch: 'bump' }),
    ...(options.uniqueKey !== undefined && { uniqueKey: options.uniqueKey }),
    ...(recurringKey !== undefined && { recurringKey }),
    ...(after && { after, ...(options.ifFailed && { ifFailed: options.ifFailed }) }),
    ...(options.batch !== undefined && { batch: options.batch }),
    ...comesAfter,
    ...(limitKey !== undefined && { limitKey }),
    ...(onFailed !== undefined && { onFailed, failureTold: false }),
    attempt: 0,
    attempts: [],
    sender,
    catalogVersion: definition.version,
    ...(origin !== undefined && { origin }),
  };
  return signer.active ? { ...task, signature: signer.sign(task) } : task;
}

const dataLimits = { ...payloadLimits, isProxy: types.isProxy };

/** Normal form first: what is checked, signed, stored and run is one and the same, whatever the caller does next. */
function parseData(definition: TaskDefinition, given: unknown): { data: unknown; problems: readonly string[] } {
  const { value, problems } = normalForm(given, `${definition.taskType}.data`, dataLimits);
  return { data: value, problems: problems.length > 0 ? problems : findSchemaProblems(definition, value) };
}

/**
 * meteor-cluster's way of recurring: a handler adds its own task again, for later. A key over type and payload makes
 * such next rounds unique while they wait, so that two chains (two roles that started together, or a task that ran
 * again after a crash) become one at their next round.
 */
function recurringKeyOf(
  taskType: string,
  data: unknown,
  options: AddOptions,
  now: Date,
  addedBy: Task | undefined,
): string | undefined {
  const sayWhich = options._id !== undefined || options.uniqueKey !== undefined;
  const later = options.dueDate !== undefined && options.dueDate > now;
  if (!addedBy || addedBy.taskType !== taskType || sayWhich || !later) return undefined;
  if (canonical(addedBy.data) !== canonical(data)) return undefined;
  return createHash('sha256')
    .update(`${taskType}\n${canonical(data)}`)
    .digest('base64url');
}

function copyOf(date: Date | undefined): Date | undefined {
  return date && new Date(timeOf(date));
}

type Check = (value: unknown) => string | undefined;

const isBoolean: Check = value => (typeof value === 'boolean' ? undefined : 'is not true or false');
const isText: Check = value => {
  if (typeof value !== 'string' || value === '') return 'is not a text of one character or more';
  return isWellFormed(value) ? undefined : 'holds half a surrogate pair, as a cut emoji does';
};
const isMoment: Check = value => (Number.isNaN(timeOf(value)) ? 'is not a valid Date' : undefined);

/** More would be asked about again and again; a batch says the same with one id. */
const mostPredecessors = 1_000;

const areIds: Check = value => {
  if (!Array.isArray(value) || value.length === 0) return 'is not a list of one id or more';
  if (value.length > mostPredecessors) return `has more than ${mostPredecessors} ids`;
  return value.map(isText).find(problem => problem !== undefined);
};

const notInMemory = (taskType: string) =>
  `inMemory: ${taskType} has a limit over all jobs roles, which counts tasks in the database; leave inMemory out`;

const onFailedNotInMemory =
  'inMemory: with onFailed its failure is to survive a crash, and what is in memory does not; leave inMemory out';

/** What `onFailed` names must be there, take a failed task, and not be what has failed. */
function onFailedProblems({ onFailed }: UnparsedTask, taskType: string, catalog: AnyCatalog): string[] {
  if (onFailed === undefined) return [];
  if (onFailed === taskType) return [`onFailed: ${show(onFailed)} is its own type: it would follow itself for ever`];
  const follower = definitionOf(catalog, onFailed);
  if (takesFailedTask(follower)) return [];
  return [`onFailed: the payload of ${show(onFailed)} does not take a failed task; write payload: failedTask`];
}

const checks: Record<keyof AddOptions, Check> = {
  priority: value => (Number.isSafeInteger(value) ? undefined : 'is not an integer'),
  front: isBoolean,
  _id: isText,
  once: isBoolean,
  dueDate: isMoment,
  deadline: isMoment,
  inMemory: isBoolean,
  uniqueKey: isText,
  after: areIds,
  ifFailed: value =>
    ifFailedChoices.includes(value as IfFailed) ? undefined : `is none of ${ifFailedChoices.join(', ')}`,
  batch: isText,
  onFailed: isText,
  session: value =>
    typeof (value as AnySession)?.inTransaction === 'function' ? undefined : 'is not a session of a MongoDB driver',
};

/** What is wrong with the value of one option, be it given to addTask or to update; undefined where nothing is. */
export function findOptionProblem(name: string, value: unknown): string | undefined {
  const problem = Object.hasOwn(checks, name) ? checks[name as keyof AddOptions](value) : undefined;
  return problem && `${name}: ${show(value)} ${problem}`;
}

function findOptionProblems(given: UnparsedTask): string[] {
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
  if (Array.isArray(given.after) && given._id !== undefined && given.after.includes(given._id))
    problems.push(`after: a circle: ${given._id} → ${given._id}`);
  if (given.inMemory && given.session) problems.push('session: a task in memory is in no transaction; leave one out');
  return problems;
}
