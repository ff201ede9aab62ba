import { placeAsAdded, placeOfInterrupted } from '../model/order';
import type { Transition } from '../model/states';
import { isLive, type Task } from '../model/task';
import { holdsKey, replacementOf } from '../model/unique';
import { type MemoryTable, without } from './memory-table';
import type { Cancelled, Held, Inserted, Insertion, Retried, RetryChanges, Settlement } from './task-store';
import { fieldsOf, fieldsOfTheEnd, fieldsToUnset, withAttempt } from './transition';

/** Adds a task, or says what is in its way. */
export function insertTask(table: MemoryTable, insertion: Insertion): Inserted {
  const { task, once } = insertion;
  const { _id, uniqueKey, recurringKey } = task;
  const there = table.get(_id);
  if (there && once) return { kind: 'there', id: _id };
  const byKey = afterHeldKey(table, insertion);
  if (byKey) return byKey;
  if (there && isLive(there)) return { kind: 'duplicate', id: _id, field: '_id', value: _id };
  const existingId = holderOfUniqueKey(table, task);
  if (existingId) return { kind: 'duplicate', id: _id, field: 'uniqueKey', value: String(uniqueKey), existingId };
  const [next] = recurringKey === undefined ? [] : table.search(one => one.recurringKey === recurringKey);
  if (next) return { kind: 'merged', id: next._id };
  table.put(structuredClone(task));
  return { kind: 'added', id: _id };
}

/** What comes of a task whose key (`unique`) another one has; nothing where none has it, or has it no more. */
function afterHeldKey(table: MemoryTable, { task, unique }: Insertion): Inserted | undefined {
  if (!task.unique || !unique) return undefined;
  const { key } = task.unique;
  const [holder] = table.search(one => one.unique?.key === key);
  if (!holder) return undefined;
  if (!holdsKey(holder, unique.on, task.createdAt)) {
    table.put(without(holder, ['unique']));
    return undefined;
  }
  if (unique.on === 'replace') {
    const replacement = unique.signed(replacementOf(holder, task, task.createdAt));
    table.put(structuredClone(replacement));
    return { kind: 'replaced', id: holder._id, task: replacement };
  }
  if (unique.on === 'keep') return { kind: 'merged', id: holder._id };
  const { until } = holder.unique!;
  const by = { existingId: holder._id, ...(until && { until }) };
  return { kind: 'duplicate', id: task._id, field: 'unique', value: key.slice(key.indexOf('/') + 1), ...by };
}

/** Another task that has not finished and has this one's unique key. */
function holderOfUniqueKey(table: MemoryTable, { _id, uniqueKey }: Task): string | undefined {
  if (uniqueKey === undefined) return undefined;
  return table.search(one => one._id !== _id && one.uniqueKey === uniqueKey && isLive(one))[0]?._id;
}

/** Ends attempts. @returns the ids of those that had been lost. */
export function settleTasks(table: MemoryTable, settlements: readonly Settlement[]): string[] {
  return settlements.filter(settlement => !settleOne(table, settlement)).map(({ task }) => task._id);
}

function settleOne(table: MemoryTable, settlement: Settlement): boolean {
  const { task: claim, transition, attempt, newToken, isRetried } = settlement;
  const task = table.held(claim);
  const isGone = transition.isKept === false;
  if (!task) return wasSettledBy(table, claim) || (isGone && isRetried === true && !table.get(claim._id));
  if (isGone) {
    table.drop(task);
    return true;
  }
  const settled = {
    ...task,
    ...fieldsOf(transition),
    ...standingAfter(task, transition),
    attempts: withAttempt(task.attempts, attempt),
    ...(newToken && { token: newToken }),
  };
  table.put(without(settled, fieldsToUnset(transition.state)));
  return true;
}

function standingAfter({ priority, place, deadlineWatch }: Task, { sinks, goesFirst }: Transition) {
  if (sinks) return { priority: deadlineWatch === 'miss' ? priority : priority - 1, place: placeAsAdded(place) };
  return { priority, place: goesFirst ? placeOfInterrupted(place) : place };
}

/** The same end written twice is no loss, and an end that comes before a renewal is none either. */
export function wasSettledBy(table: MemoryTable, { _id, token }: Held): boolean {
  const task = table.get(_id);
  return task !== undefined && task.token === token && task.owner === undefined;
}

/** Cancels a task that waits; asks for the end of one that runs. */
export function cancelTask(table: MemoryTable, id: string, now: Date, expiresAt: Date): Cancelled {
  const task = table.get(id);
  if (!task || !isLive(task)) return undefined;
  if (task.state === 'running') {
    table.put({ ...task, cancelRequested: true });
    return 'requested';
  }
  const end: Task = { ...task, state: 'cancelled', finishedAt: now, expiresAt };
  table.put(without(end, [...fieldsToUnset('cancelled'), 'recurringKey']));
  return 'cancelled';
}

/** Puts a failed, cancelled or rejected task back in the queue, attempts afresh. */
export function retryTask(table: MemoryTable, id: string, changes: RetryChanges): Retried {
  const task = table.get(id);
  if (!task || !['failed', 'cancelled', 'rejected'].includes(task.state)) return undefined;
  if (holderOfUniqueKey(table, task)) return 'duplicate';
  const watch = task.deadline && ({ deadlineWatch: 'bump' } as const);
  const order = { priority: task.basePriority, place: placeAsAdded(task.place) };
  const afresh: Task = { ...task, ...changes, ...watch, ...order, state: 'queued', attempt: 0 };
  table.put(without(afresh, fieldsOfTheEnd));
  return 'retried';
}
