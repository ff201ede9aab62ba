import type { Collection, Filter, UpdateFilter } from 'mongodb';
import { didYouMean, isPlainObject } from '../../catalog';
import { withoutCallTimeout } from '../../database';
import { show } from '../../errors/plain-error';
import { findOptionProblem } from '../model/add-options';
import { InvalidTaskError } from '../model/errors';
import { isOldSignature } from '../model/signature';
import type { Task } from '../model/task';
import { findTaskProblem } from '../model/task-problem';
import type { QueueCore } from './queue-core';

type Write = (filter: Filter<Task>, modifier: UpdateFilter<Task>, multi: boolean) => Promise<number>;

/**
 * Changes persistent tasks as `TaskQueue.update` was asked to, with what follows from it: a queued task whose due date is
 * moved into the future waits for it, and a deadline that is set is watched, and signed.
 *
 * @returns how many tasks have changed.
 * @throws where a value is wrong, or the change would touch what only an owner may change.
 */
export async function updateTasks(
  core: QueueCore,
  filter: Filter<Task>,
  given: TaskModifier,
  options: { multi?: boolean },
): Promise<number> {
  const { multi } = parseUpdateOptions(options);
  const modifier = withWatch(parseModifier(given));
  const write: Write = (...change) => writeChange(core, ...change);
  const isSigned = 'deadline' in { ...modifier.$set, ...modifier.$unset };
  return isSigned && core.signer.active
    ? updateSigned(core, filter, modifier, multi, write)
    : write(filter, modifier, multi);
}

/** Each gets a signature of its own, and only where the one it has is right: what is forged stays so, and is rejected. */
async function updateSigned(
  { store, signer }: QueueCore,
  filter: Filter<Task>,
  modifier: UpdateFilter<Task>,
  multi: boolean,
  write: Write,
): Promise<number> {
  const { deadline } = (modifier.$set ?? {}) as Partial<Task>;
  let changed = 0;
  for await (const task of withoutCallTimeout(store.collection)
    .find(filter)
    .limit(multi ? 0 : 1)) {
    if (findTaskProblem(task) !== undefined || !signer.verify(task)) continue;
    // An old one does not cover the deadline, nor what else one of today would say of this task.
    const signature = isOldSignature(task.signature) ? task.signature : signer.sign({ ...task, deadline });
    const same = { _id: task._id, signature: task.signature } as Filter<Task>;
    changed += await write(same, { ...modifier, $set: { ...modifier.$set, signature } } as UpdateFilter<Task>, false);
  }
  return changed;
}

async function writeChange(
  { store, clock }: QueueCore,
  filter: Filter<Task>,
  given: UpdateFilter<Task>,
  multi: boolean,
): Promise<number> {
  // As many as an operator likes: it may take its time.
  const collection = withoutCallTimeout(store.collection);
  const { dueDate } = (given.$set ?? {}) as Partial<Task>;
  const modifier = dueDate ? { ...given, $unset: { ...given.$unset, ownDue: '' as const } } : given;
  if (!dueDate || dueDate <= clock.now()) return (await change(collection, filter, modifier, multi)).modifiedCount;
  const isReady = { $or: [{ state: 'queued' as const }, { state: 'waiting' as const, waitsFor: 'slot' as const }] };
  const notQueued = { $and: [filter, { $nor: [isReady] }] };
  const others = await change(collection, notQueued, modifier, multi);
  if (!multi && others.matchedCount > 0) return others.modifiedCount;
  const postponed = {
    ...modifier,
    $set: { ...modifier.$set, state: 'scheduled' },
    $unset: { ...modifier.$unset, slot: '', waitsFor: '' },
  } as UpdateFilter<Task>;
  const queued = await change(collection, { $and: [filter, isReady] }, postponed, multi);
  return others.modifiedCount + queued.modifiedCount;
}

function change(collection: Collection<Task>, which: Filter<Task>, how: UpdateFilter<Task>, multi: boolean) {
  return multi ? collection.updateMany(which, how) : collection.updateOne(which, how);
}

function withWatch(modifier: UpdateFilter<Task>): UpdateFilter<Task> {
  const { $set, $unset } = modifier as { $set?: Partial<Task>; $unset?: Partial<Record<keyof Task, ''>> };
  if ($set?.deadline) return { ...modifier, $set: { ...$set, deadlineWatch: 'bump' } };
  if ($unset && 'deadline' in $unset) return { ...modifier, $unset: { ...$unset, deadlineWatch: '' } };
  return modifier;
}

/** What `TaskQueue.update` takes. */
export interface TaskModifier {
  $set?: Partial<Pick<Task, 'priority' | 'dueDate' | 'deadline'>>;
  $unset?: { deadline?: '' | 1 | true };
  $inc?: { priority?: number };
}

type Operator = keyof TaskModifier;

/** What each operator may change: a task stays one that can run, whatever becomes of it. */
const changeable: Record<Operator, readonly string[]> = {
  $set: ['priority', 'dueDate', 'deadline'],
  $unset: ['deadline'],
  $inc: ['priority'],
};

/** What only the owner of a task, or the queue itself, may change. */
const owned: readonly string[] = [
  '_id',
  'taskType',
  'data',
  'state',
  'basePriority',
  'place',
  'createdAt',
  'uniqueKey',
  'recurringKey',
  'waitsFor',
  'after',
  'ifFailed',
  'limitKey',
  'slot',
  'promotion',
  'deadlineWatch',
  'deadlineMissed',
  'attempt',
  'attempts',
  'snoozes',
  'onFailed',
  'failureTold',
  'tags',
  'traceparent',
  'sender',
  'catalogVersion',
  'signature',
  'origin',
  'owner',
  'token',
  'leaseUntil',
  'claimedAt',
  'cancelRequested',
  'progress',
  'result',
  'error',
  'finishedAt',
  'expiresAt',
];

/** @throws where a modifier has no effect, or one that would leave a task which cannot run. */
function parseModifier(given: unknown): UpdateFilter<Task> {
  if (typeof given !== 'object' || given === null || !isPlainObject(given))
    throw new TypeError(`update: ${show(given)} is no modifier; give { $set: { priority: 5 } }`);
  const problems = Object.entries(given).flatMap(([operator, fields]) => problemsOf(operator, fields));
  if (Object.keys(given).length === 0) problems.push('update: the modifier is empty; give { $set: { priority: 5 } }');
  if (problems.length > 0) throw new InvalidTaskError(problems);
  return given as UpdateFilter<Task>;
}

/** @throws where an option is unknown, or none. */
function parseUpdateOptions(given: unknown): { multi: boolean } {
  const options = (given ?? {}) as { multi?: unknown };
  for (const name of Object.keys(options))
    if (name !== 'multi') throw new TypeError(`update: unknown option ${name}${didYouMean(name, ['multi'])}`);
  const { multi = false } = options;
  if (typeof multi !== 'boolean') throw new TypeError(`update: multi: ${show(multi)} is not true or false`);
  return { multi };
}

function problemsOf(operator: string, fields: unknown): string[] {
  if (!operator.startsWith('$')) return [`update: ${operator}: give operators ($set, $unset), not a document`];
  const known = Object.hasOwn(changeable, operator) ? changeable[operator as Operator] : undefined;
  if (!known) return [`update: ${operator} is not taken here; use ${Object.keys(changeable).join(', ')}`];
  if (typeof fields !== 'object' || fields === null || Object.keys(fields).length === 0)
    return [`update: ${operator}: ${show(fields)} has no fields to change`];
  return Object.entries(fields).flatMap(([path, value]) => problemOf(operator as Operator, known, path, value) ?? []);
}

function problemOf(operator: Operator, known: readonly string[], path: string, value: unknown): string | undefined {
  const field = path.split('.')[0] as string;
  if (owned.includes(field))
    return `update: ${field} is the queue's own; use cancel, retry, replay or a new task instead of changing it`;
  if (!known.includes(path))
    return `update: ${operator} does not take ${path}${didYouMean(path, known) || `; it takes ${known.join(', ')}`}`;
  if (operator === '$set') return findOptionProblem(path, value);
  return operator === '$inc' && !Number.isSafeInteger(value) ? `${path}: ${show(value)} is not an integer` : undefined;
}
