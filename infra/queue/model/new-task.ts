import { createHash } from 'node:crypto';
import { types } from 'node:util';
import {
  type AnyCatalog,
  type DataIn,
  definitionOf,
  findSchemaProblems,
  normalForm,
  payloadLimits,
  type TaskDefinition,
  type TaskTypeIn,
  takesFailedTask,
  timeOf,
} from '../../catalog';
import { show } from '../../errors/plain-error';
import { type AddOptions, findOptionProblems, type UnparsedTask } from './add-options';
import { InvalidTaskError } from './errors';
import { newTaskId } from './ids';
import { placeOf } from './order';
import { canonical, type Signer } from './signature';
import type { Sender, Task } from './task';
import { claimedKeyOf, heldKeyOf, uniqueProblems } from './unique';
import { limitKeyOf, rateKeyOf, startStateOf } from './waiting';

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
  /** The span that it is added in. */
  traceparent?: string | undefined;
}

/**
 * Parses what addTask was given and makes the task of it.
 *
 * @throws InvalidTaskError or PayloadError with every problem of it.
 */
export function newTask(given: UnparsedTask, origins: TaskOrigin): Task {
  const { catalog, sender, signer, now, addedBy, origin, comesAfter, traceparent } = origins;
  if (typeof given !== 'object' || given === null)
    throw new InvalidTaskError([`addTask: ${show(given)} is not a task`]);
  const definition = definitionOf(catalog, given.taskType);
  const { taskType } = definition;
  const { data, problems: dataProblems } = parseData(definition, given.data ?? {});
  const onFailed = (given.onFailed ?? definition.onFailed) as string | undefined;
  const problems = [...findOptionProblems(given), ...dataProblems, ...onFailedProblems(given, taskType, catalog)];
  if (origin === undefined) problems.push(...uniqueProblems(given, definition, comesAfter !== undefined, now));
  if (problems.length > 0) throw new InvalidTaskError(problems);
  const options = given as AddOptions;
  const claimed = claimedKeyOf(definition, options, data, origin !== undefined);
  const unique = claimed && heldKeyOf(claimed, now);
  const putOff = unique?.latest && new Date(now.getTime() + (claimed?.for ?? 0));
  const dueDate = putOff ?? copyOf(options.dueDate) ?? now;
  const deadline = copyOf(options.deadline);
  const priority = options.priority ?? definition.priority;
  const recurringKey = unique ? undefined : recurringKeyOf(taskType, data, options, now, addedBy);
  const after = options.after && [...new Set(options.after)];
  const limitKey = limitKeyOf(definition, data);
  const rateKey = rateKeyOf(definition, data);
  if (limitKey !== undefined && options.inMemory) throw new InvalidTaskError([notInMemory(taskType)]);
  if (rateKey !== undefined && options.inMemory) throw new InvalidTaskError([rateNotInMemory(taskType)]);
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
    ...(unique && { unique }),
    ...(recurringKey !== undefined && { recurringKey }),
    ...(after && { after, ...(options.ifFailed && { ifFailed: options.ifFailed }) }),
    ...(options.batch !== undefined && { batch: options.batch }),
    ...comesAfter,
    ...(limitKey !== undefined && { limitKey }),
    ...(rateKey !== undefined && { rateKey }),
    ...(onFailed !== undefined && { onFailed, failureTold: false }),
    ...(options.tags && { tags: [...new Set(options.tags)] }),
    attempt: 0,
    attempts: [],
    sender,
    catalogVersion: definition.version,
    ...(origin !== undefined && { origin }),
    ...(traceparent !== undefined && { traceparent }),
  };
  return signer.signed(task);
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

const notInMemory = (taskType: string) =>
  `inMemory: ${taskType} has a limit over all jobs roles, which counts tasks in the database; leave inMemory out`;

const rateNotInMemory = (taskType: string) =>
  `inMemory: ${taskType} has a rate by key, which lets tasks wait in the database; leave inMemory out`;

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
