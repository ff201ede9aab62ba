import type { Clock } from '../../database';
import type { Emit } from '../../monitor/events';
import type { Task } from '../model/task';
import { findTaskProblem } from '../model/task-problem';
import type { Held, TaskStore } from './task-store';

/** What a document is set aside by: the queue's core has it. */
export interface AsideDeps {
  readonly store: Pick<TaskStore, 'setAside'>;
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Takes out of the way what nothing else can be done with, and says so. */
export async function setAsideAndTell(
  { store, clock, emit }: AsideDeps,
  task: Held,
  state: Task['state'],
  message: string,
): Promise<void> {
  const error = { name: 'TaskError', message };
  const { _id: taskId } = task;
  if (await store.setAside(task, state, error, clock.now())) emit('task.setAside', { taskId, error });
}

/**
 * Others may write what says that a task is in some state: such a document is set aside once, instead of being met again
 * and again, and holds up nobody.
 *
 * @param cannot what can't be done with it, as in `cannot be rescued`.
 * @returns those that are tasks.
 */
export async function withoutMalformed(
  deps: AsideDeps,
  found: readonly Task[],
  state: Task['state'],
  cannot: string,
): Promise<Task[]> {
  const tasks: Task[] = [];
  for (const task of found) {
    const problem = findTaskProblem(task);
    if (problem === undefined) tasks.push(task);
    else await setAsideAndTell(deps, { _id: task._id }, state, `${cannot}: ${problem}`);
  }
  return tasks;
}
