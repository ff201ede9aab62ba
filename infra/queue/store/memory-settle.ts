import { fieldsOf, fieldsToUnset, withAttempt } from './apply-transition';
import { type MemoryTable, without } from './memory-table';
import type { Held, Settlement } from './task-store';

/** Ends attempts. @returns the ids of those that had been lost. */
export function settleTasks(table: MemoryTable, settlements: readonly Settlement[]): string[] {
  return settlements.filter(settlement => !settleOne(table, settlement)).map(({ task }) => task._id);
}

function settleOne(table: MemoryTable, { task: claim, transition, attempt, newToken }: Settlement): boolean {
  const task = table.held(claim);
  if (!task) return wasSettledBy(table, claim);
  const sinks = transition.sinks && task.deadlineWatch !== 'miss';
  const settled = {
    ...task,
    ...fieldsOf(transition),
    priority: sinks ? task.priority - 1 : task.priority,
    attempts: withAttempt(task.attempts, attempt),
    ...(newToken && { token: newToken }),
  };
  table.put(without(settled, fieldsToUnset(transition.state)));
  return true;
}

/** The same end written twice is no loss, and an end that comes before a renewal is none either. */
export function wasSettledBy(table: MemoryTable, { _id, token }: Held): boolean {
  const task = table.get(_id);
  return task !== undefined && task.token === token && task.owner === undefined;
}
