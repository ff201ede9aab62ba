import type { UnparsedTask } from './new-task';
import { finishedStates, type Task, type TaskState } from './task';

/** What is added when a finished task is to run anew. @throws where it has not finished, or was rejected. */
export function replayOf({ _id, state, taskType, data, basePriority }: Task, inMemory: boolean): UnparsedTask {
  if (!(finishedStates as readonly TaskState[]).includes(state))
    throw new Error(`replay: task "${_id}" is ${state}; only what has finished can be played again`);
  if (state === 'rejected')
    throw new Error(`replay: task "${_id}" was rejected: nobody knows whether it is genuine. Add it afresh`);
  return { taskType, data, priority: basePriority, inMemory };
}
