import {
  findUniqueProblems,
  resolveUnique,
  type TaskDefinition,
  timeOf,
  type UniqueChoice,
  type UniqueKey,
  type UniqueRule,
} from '../../catalog';
import type { AddOptions, UnparsedTask } from './add-options';
import type { HeldKey, Task } from './task';
import { keyOf, startStateOf } from './waiting';

/** A key that a task is to have, and by which rule. */
export interface Claimed extends UniqueRule {
  readonly key: string;
}

/**
 * Which key a task is to have: its own, or by its type's rule. Expects what `uniqueProblems` has nothing against.
 *
 * @param isReplay a replay is wanted although its like has run: it has none.
 */
export function claimedKeyOf(
  definition: Pick<TaskDefinition, 'taskType' | 'unique'>,
  { unique }: Pick<AddOptions, 'unique'>,
  data: unknown,
  isReplay: boolean,
): Claimed | undefined {
  const { taskType } = definition;
  if (unique === false || isReplay) return undefined;
  if (unique) return { ...resolveUnique(unique), key: keyOf(taskType, [unique.key]) };
  if (!definition.unique) return undefined;
  const { key: names, ...rule } = definition.unique;
  const values = names ? names.map(name => (data as Record<string, unknown>)[name] ?? null) : [data];
  return { ...rule, key: keyOf(taskType, values) };
}

/** What a new task has of its key. */
export function heldKeyOf({ key, on, for: span, atLatest }: Claimed, now: Date): HeldKey {
  if (span === undefined) return { key };
  return on === 'replace'
    ? { key, latest: new Date(now.getTime() + (atLatest ?? span)) }
    : { key, until: new Date(now.getTime() + span) };
}

/** What is wrong with a task's own `unique`, and what does not go together with any. */
export function uniqueProblems(
  given: UnparsedTask,
  { unique: ofType, retention }: Pick<TaskDefinition, 'unique' | 'retention'>,
  isAfterBatch: boolean,
  now: Date,
): string[] {
  const { unique: own } = given;
  if (own === false || (own === undefined && !ofType)) return [];
  const problems = own === undefined ? [] : findUniqueProblems(own, 'unique', retention.done);
  if (problems.length > 0) return problems;
  const { on, for: span } = own === undefined ? (ofType as UniqueRule) : resolveUnique(own as UniqueKey);
  if (given.batch !== undefined || isAfterBatch)
    problems.push('unique: a batch waits for this very task, or it for the batch; write unique: false');
  if (on === 'replace' && given.after)
    problems.push("after: with unique and on: 'replace' the task of before would not wait for them; leave one out");
  // A schedule says when its run was due, which is about now.
  if (on === 'replace' && span !== undefined && timeOf(given.dueDate) > now.getTime() + span)
    problems.push(`dueDate: with unique it starts ${span} ms after the last that is added; leave one out`);
  return problems;
}

/** It waits, and no attempt at it has begun. */
export function hasNotBegun({ state, attempt, attempts }: Pick<Task, 'state' | 'attempt' | 'attempts'>): boolean {
  return waitingStates.includes(state) && attempt === 0 && attempts?.length === 0;
}

export const waitingStates: readonly Task['state'][] = ['scheduled', 'waiting', 'queued'];

/**
 * Whether a task still has its key as far as a new one is concerned that comes with this choice. Pure. Where not, the key is
 * taken from it: only the next one with the same key asks, so that no end of a task costs a write more.
 *
 * @param now by the database's clock.
 */
export function holdsKey(holder: Task, on: UniqueChoice, now: Date): boolean {
  if (hasNotBegun(holder)) return true;
  if (on === 'replace') return false;
  const { state, unique } = holder;
  if (state === 'failed' || state === 'cancelled' || state === 'rejected') return false;
  if (unique?.until === undefined) return state !== 'done';
  return timeOf(unique.until) > now.getTime();
}

/**
 * What a task that has not begun becomes by a new one with its key: the new one, under the old one's `_id` and in its place
 * in the queue. Where its start is put off, that is so anew, but no later than the first one said.
 */
export function replacementOf(holder: Task, task: Task, now: Date): Task {
  const { slot: _, waitsFor: __, ...added } = task;
  const dueDate = dueDateOf(holder, task, now);
  const latest = holder.unique?.latest ?? task.unique?.latest;
  const unique = { ...(task.unique as HeldKey), ...(task.unique?.latest && latest && { latest }) };
  const { state, waitsFor } = { waitsFor: undefined, ...startStateOf({ ...added, dueDate }, now) };
  // Its slot stays its own, where it is counted under the same limit.
  const isIn = waitsFor === 'slot' && holder.slot !== undefined && holder.limitKey === task.limitKey;
  const place = isIn ? { state: 'queued' as const, slot: holder.slot } : { state, ...(waitsFor && { waitsFor }) };
  return { ...added, ...place, _id: holder._id, dueDate, unique } as Task;
}

function dueDateOf(holder: Task, task: Task, now: Date): Date {
  const own = holder.unique?.latest;
  if (task.unique?.latest) return own && own < task.dueDate ? own : task.dueDate;
  return task.dueDate > now ? task.dueDate : holder.dueDate;
}
