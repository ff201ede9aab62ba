import type { UpdateFilter } from 'mongodb';
import { didYouMean, isPlainObject, show } from '../../catalog';
import { InvalidTaskError } from '../model/errors';
import { findOptionProblem } from '../model/new-task';
import type { Task } from '../model/task';

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
  'promotion',
  'deadlineWatch',
  'deadlineMissed',
  'attempt',
  'attempts',
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
export function parseModifier(given: unknown): UpdateFilter<Task> {
  if (typeof given !== 'object' || given === null || !isPlainObject(given))
    throw new TypeError(`update: ${show(given)} is no modifier; give { $set: { priority: 5 } }`);
  const problems = Object.entries(given).flatMap(([operator, fields]) => problemsOf(operator, fields));
  if (Object.keys(given).length === 0) problems.push('update: the modifier is empty; give { $set: { priority: 5 } }');
  if (problems.length > 0) throw new InvalidTaskError(problems);
  return given as UpdateFilter<Task>;
}

/** @throws where an option is unknown, or none. */
export function parseUpdateOptions(given: unknown): { multi: boolean } {
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
