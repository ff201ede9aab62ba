import type { Transition } from '../model/states';
import type { Task } from '../model/task';
import { type MemoryTable, without } from './memory-table';
import { placeAsAdded, placeOfInterrupted } from './place';
import type { Held, Settlement } from './task-store';
import { fieldsOf, fieldsToUnset, withAttempt } from './transition';

/** Ends attempts. @returns the ids of those that had been lost. */
export function settleTasks(table: MemoryTable, settlements: readonly Settlement[]): string[] {
  return settlements.filter(settlement => !settleOne(table, settlement)).map(({ task }) => task._id);
}

function settleOne(table: MemoryTable, { task: claim, transition, attempt, newToken }: Settlement): boolean {
  const task = table.held(claim);
  if (!task) return wasSettledBy(table, claim);
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
