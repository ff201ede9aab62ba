import { isLive, type Task } from '../model/task';
import { holderOfUniqueKey } from './memory-insert';
import { type MemoryTable, without } from './memory-table';
import { placeAsAdded } from './place';
import type { Cancelled, Retried, RetryChanges } from './task-store';
import { fieldsOfTheEnd, fieldsToUnset } from './transition';

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
